import { Center, Loader } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { viewUrl } from "../api/endpoints";
import { queries } from "../api/queries";
import { useScheme } from "../lib/useScheme";
import { partsOf } from "../parts";

/** A small picture of a whole body, drawn here; where there is no 3D, the first view of its first part. */
export function BodyPicture({ hash, height }: { hash: string; height: number }) {
  const scheme = useScheme();
  const body = useQuery(queries.body(hash));
  const mesh = useQuery(queries.bodyMesh(hash));
  const [url, setUrl] = useState<string | null>(null);
  useEffect(() => {
    if (!body.data || !mesh.data) return;
    let shown = true;
    const first = partsOf(body.data).inPairs[0]?.label ?? 1;
    // three.js comes only when a picture is wanted.
    import("./picture")
      .then(({ pictureOf }) => pictureOf(body.data, mesh.data))
      .catch(() => viewUrl(hash, first, 0, 512, scheme))
      .then((made) => shown && setUrl(made));
    return () => {
      shown = false;
    };
  }, [body.data, mesh.data, hash, scheme]);
  return (
    <Center h={height} bg="var(--dm-sunken)" style={{ borderRadius: "inherit" }}>
      {url ? (
        <img src={url} alt="" style={{ width: "100%", height: "100%", objectFit: "contain" }} />
      ) : (
        !body.error && !mesh.error && <Loader size="xs" type="dots" aria-hidden />
      )}
    </Center>
  );
}
