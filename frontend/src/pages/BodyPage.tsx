import { useDocumentTitle } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useParams } from "react-router";
import { queries } from "../api/queries";
import type { Body } from "../api/types";
import BodyView from "../bodies/BodyView";
import { readMesh } from "../bodies/mesh";
import { ErrorState, LoadingState } from "../components/states";

/** A body in 3D. */
export default function BodyPage() {
  const { hash = "" } = useParams();
  const body = useQuery(queries.body(hash));
  const mesh = useQuery(queries.bodyMesh(hash));
  useDocumentTitle(`${body.data?.name ?? "Body"} · DenseMark`);
  const failed = body.error ?? mesh.error;
  if (body.data && mesh.data) return <Loaded key={hash} body={body.data} file={mesh.data} />;
  if (!failed) return <LoadingState label="Loading the body" />;
  return (
    <ErrorState
      page
      error={failed}
      retry={() => {
        if (body.isError) void body.refetch();
        if (mesh.isError) void mesh.refetch();
      }}
    />
  );
}

function Loaded({ body, file }: { body: Body; file: ArrayBuffer }) {
  const mesh = useMemo(() => readMesh(file, body.vertices, body.faces), [file, body]);
  return <BodyView body={body} mesh={mesh} />;
}
