/** A study's report as the server computes it. Lengths are metres, shares are in [0,1]; null is "cannot be said". */
import type { components } from "../api/schema";

type Schemas = components["schemas"];

export type Report = Schemas["Report"];
export type Figure = Schemas["Figure"];
export type Rate = Schemas["Rate"];
export type Group = Schemas["Group"];
export type Curve = Schemas["Curve"];
export type AnnotatorReport = Schemas["Annotator"];
export type Difference = Schemas["Difference"];
export type Trend = Schemas["Trend"];
