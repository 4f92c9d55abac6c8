/** The name among `known` that `name` most likely stands for; undefined where none is near. Spelling counts, case does not. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const wanted = letters(name);
  const allowed = wanted.length < 4 ? 1 : Math.max(2, Math.floor(wanted.length / 3));
  const best = known
    .map((candidate) => ({ candidate, distance: distance(wanted, letters(candidate)) }))
    .sort((a, b) => a.distance - b.distance)[0];
  return best !== undefined && best.distance <= allowed ? best.candidate : undefined;
}

function letters(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, "");
}

/** Levenshtein's distance: how many letters have to be added, removed or replaced. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...b].entries()) {
      const replaced = (row[j] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
