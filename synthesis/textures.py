"""What a rendered person wears and looks like, in one place: outfits, their volume and their paint.

Everything is procedural, over the rest body: the triangles stay the body's own, so that the truth of a pixel is still
a face and barycentrics. The manner is that of Varol et al., "Learning from Synthetic Humans", CVPR 2017, without their
scanned textures.
"""

from synthesis.dressing import dress
from synthesis.garments import offsets, put_on
from synthesis.materials import linear
from synthesis.outfits import Outfit
from synthesis.paint import paint
from synthesis.wardrobe import Wardrobe, check_dressable

__all__ = ["Outfit", "Wardrobe", "check_dressable", "dress", "linear", "offsets", "paint", "put_on"]
