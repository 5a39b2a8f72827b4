import { Anchor, Paper, SimpleGrid, Stack, Table, Text, Title } from "@mantine/core";
import { count } from "../components/Meter";
import { formatBytes } from "../uploads/files";
import { Copy } from "./Command";
import classes from "./datasets.module.css";
import { Section } from "./Section";
import type { Card } from "./types";
import { leftOut, photos } from "./words";

/** What was asked for, and what was left out by it. */
export function CardChosen({ card }: { card: Card }) {
  const rows = leftOut(card.left_out);
  return (
    <Section id="chosen" title="How it was chosen">
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="md" style={{ alignItems: "start" }}>
        <Paper bg="var(--dm-surface)" p="md">
          <Title order={3} size="sm" mb={4}>
            Settings
          </Title>
          <ul className={classes.plain}>
            {[...card.settings, ...nearWords(card)].map((line) => (
              <Text key={line} component="li" size="sm">
                {line}
              </Text>
            ))}
          </ul>
        </Paper>
        <Paper bg="var(--dm-surface)" p="md">
          <Title order={3} size="sm" mb={8}>
            Left out, or not annotated
          </Title>
          {rows.length === 0 && (
            <Text size="sm" c="dimmed">
              Nothing.
            </Text>
          )}
          <dl className={classes.facts}>
            {rows.map(({ what, why, count: n }) => (
              <div key={`${what} ${why}`} style={{ display: "contents" }}>
                <dt>
                  {what}: {why}
                </dt>
                <dd>{count(n)}</dd>
              </div>
            ))}
          </dl>
        </Paper>
      </SimpleGrid>
    </Section>
  );
}

function nearWords({ near_duplicates: near }: Card): string[] {
  if (!near) return [];
  const found =
    near.groups > 0 ? `${photos(near.images)} in ${count(near.groups)} groups` : "none were found in the project";
  const said = [
    `A photo is on one side of the split with all its persons, and with the photos that look like it (perceptual hashes at most ${near.distance} of 64 bits apart): ${found}.`,
  ];
  if (near.unreadable > 0)
    said.push(`${photos(near.unreadable)} could not be compared: their files could not be read.`);
  return said;
}

/** Whose photos they are, and what has to be said with them. */
export function CardLicences({ card }: { card: Card }) {
  const named = card.licences.filter(({ attributions }) => attributions.length > 0);
  return (
    <Section id="licences" title="Licences and attributions">
      {card.licences.length > 0 && (
        <Paper bg="var(--dm-surface)" style={{ overflow: "hidden" }}>
          <Table verticalSpacing={7} horizontalSpacing="lg">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Licence</Table.Th>
                <Table.Th>Address</Table.Th>
                <Table.Th ta="right">Photos</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {card.licences.map(({ name, url, images }) => (
                <Table.Tr key={`${name} ${url}`}>
                  <Table.Td>{name}</Table.Td>
                  <Table.Td style={{ overflowWrap: "anywhere" }}>
                    <Address url={url} />
                  </Table.Td>
                  <Table.Td ta="right" className="numbers">
                    {count(images)}
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Paper>
      )}
      {card.without_licence > 0 && (
        <Text size="sm">
          Nobody noted a licence for {photos(card.without_licence)}: ask before{" "}
          {card.without_licence === 1 ? "it is" : "they are"} passed on.
        </Text>
      )}
      {(card.rendered ?? 0) > 0 && (
        <Text size="sm">
          {count(card.rendered ?? 0)} {card.rendered === 1 ? "image was" : "images were"} rendered here.
        </Text>
      )}
      {named.map(({ name, url, attributions }) => (
        <details key={`${name} ${url}`} className={classes.folded} open={attributions.length <= 5}>
          <summary>
            To be named under {name} ({count(attributions.length)})
          </summary>
          <Stack component="ul" gap={2} mt={4} mb={0}>
            {attributions.map((who) => (
              <Text component="li" size="sm" key={who}>
                {who}
              </Text>
            ))}
          </Stack>
        </details>
      ))}
    </Section>
  );
}

/** What files entered: a link where it is an address of the web, else only words. */
function Address({ url }: { url: string }) {
  if (!/^https?:\/\//.test(url)) return url || "–";
  return (
    <Anchor href={url} target="_blank" rel="noreferrer" size="sm">
      {url}
    </Anchor>
  );
}

/** The content files, by which anybody can tell that they have the same. */
export function CardFiles({ card }: { card: Card }) {
  return (
    <Section
      id="files"
      title="Checksums"
      lead="Of the content files in the server's data folder, from which every download is written. Photos are named in images.jsonl by the SHA-256 of their bytes."
    >
      <Paper bg="var(--dm-surface)" style={{ overflow: "hidden" }}>
        <Table verticalSpacing={5} horizontalSpacing="lg">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>File</Table.Th>
              <Table.Th ta="right">Size</Table.Th>
              <Table.Th>SHA-256</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {(card.files ?? []).map(({ name, bytes, sha256 }) => (
              <Table.Tr key={name}>
                <Table.Td className={classes.mono} style={{ whiteSpace: "nowrap" }}>
                  {name}
                </Table.Td>
                <Table.Td ta="right" className="numbers" style={{ whiteSpace: "nowrap" }}>
                  {formatBytes(bytes)}
                </Table.Td>
                <Table.Td>
                  <span className={classes.hash}>
                    <code>
                      {sha256.slice(0, 32)}
                      <wbr />
                      {sha256.slice(32)}
                    </code>
                    <Copy value={sha256} label={`Copy the SHA-256 of ${name}`} size={22} />
                  </span>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Paper>
    </Section>
  );
}
