import { Kbd, TextInput } from "@mantine/core";
import { IconCheck, IconSearch } from "@tabler/icons-react";
import { type KeyboardEvent, useRef, useState } from "react";
import { viewUrl } from "@/api/endpoints";
import { useScheme } from "@/lib/useScheme";
import { type Part, type Parts, spoken } from "@/parts";
import { useKeys } from "../keys";
import { SideBadge } from "../SideBadge";
import { inkOn } from "./figure";
import classes from "./PartList.module.css";

interface Props {
  parts: Parts;
  bodyHash: string;
  label: number;
  painted: ReadonlySet<number>;
  /** Parts that are not to be painted here are left out. */
  isWanted: (label: number) => boolean;
  onPick: (label: number) => void;
}

/** From this many parts on there is a field to search them by name. */
const MANY = 12;

/** The parts of a body that has no figure: a picture of the one in the hand, and all by name, twins side by side. */
export function PartList({ parts, bodyHash, label, painted, isWanted, onPick }: Props) {
  const scheme = useScheme();
  const [wanted, setWanted] = useState("");
  const field = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const current = parts.part(label);
  const said = spoken(current);
  const found = parts.inPairs.filter((part) => isWanted(part.label) && matches(part, wanted));
  useKeys({
    down: (event) => {
      if (event.key !== "/" || !field.current) return false;
      field.current.focus();
      return true;
    },
  });
  const choose = (picked: number) => {
    setWanted("");
    onPick(picked);
  };
  const move = (event: KeyboardEvent) => {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (by === undefined || found.length === 0) return;
    event.preventDefault();
    const next = found[(found.findIndex((part) => part.label === label) + by + found.length) % found.length] as Part;
    onPick(next.label);
    list.current?.querySelector<HTMLElement>(`[data-testid="part-${next.label}"]`)?.focus();
  };
  const search = (event: KeyboardEvent) => {
    const first = found[0];
    if (event.key === "Enter" && first) choose(first.label);
    else if (event.key === "Escape") setWanted("");
    else return;
    event.preventDefault();
    field.current?.blur();
  };
  return (
    <div className={classes.palette}>
      <div className={classes.current} style={{ borderColor: current.colour }} aria-live="polite">
        <SideBadge side={said.side} />
        <span>{said.side ? said.limb : said.full}</span>
      </div>
      <img
        className={classes.picture}
        src={viewUrl(bodyHash, label, 0, 384, scheme)}
        alt={`${said.full} on the body`}
        width={150}
        height={150}
      />
      {parts.count > MANY && (
        <TextInput
          ref={field}
          size="xs"
          aria-label="Search the parts"
          placeholder="Search the parts"
          leftSection={<IconSearch size={14} />}
          rightSection={<Kbd size="xs">/</Kbd>}
          value={wanted}
          onChange={(event) => setWanted(event.currentTarget.value)}
          onKeyDown={search}
        />
      )}
      <div ref={list} className={classes.list} role="radiogroup" aria-label="Part to paint" onKeyDown={move}>
        {found.map((part) => (
          <Row
            key={part.label}
            part={part}
            // A twin takes half of the row.
            half={part.mirror !== part.label && found.some((each) => each.label === part.mirror)}
            chosen={part.label === label}
            painted={painted.has(part.label)}
            onPick={choose}
          />
        ))}
        {found.length === 0 && <p className={classes.none}>No part is called so.</p>}
      </div>
    </div>
  );
}

function matches(part: Part, wanted: string): boolean {
  const name = spoken(part).full.toLowerCase();
  return wanted
    .toLowerCase()
    .split(/\s+/)
    .every((word) => name.includes(word));
}

interface RowProps {
  part: Part;
  half: boolean;
  chosen: boolean;
  painted: boolean;
  onPick: (label: number) => void;
}

function Row({ part, half, chosen, painted, onPick }: RowProps) {
  const { full, limb, side } = spoken(part);
  const filled = { background: part.colour, color: inkOn(part.colour) };
  return (
    // biome-ignore lint/a11y/useSemanticElements: arrow keys move between the parts as in the figure of a person.
    <button
      type="button"
      role="radio"
      aria-checked={chosen}
      aria-label={`${full}${part.key ? `, key ${part.key}` : ""}${painted ? ", painted" : ""}`}
      tabIndex={chosen ? 0 : -1}
      data-testid={`part-${part.label}`}
      data-half={half || undefined}
      className={classes.part}
      onClick={() => onPick(part.label)}
    >
      {/* As on the figure of a person: the key stands on the colour, which fills what is painted. */}
      <i style={{ borderColor: part.colour, ...(painted && filled) }}>{part.key}</i>
      {side && <b data-side={part.side}>{side.charAt(0)}</b>}
      <span title={full}>{side ? limb : full}</span>
      {painted && !half && <IconCheck size={14} aria-hidden />}
    </button>
  );
}
