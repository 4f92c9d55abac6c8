/** The same members in an order of chance; `random` gives numbers from 0 to below 1. */
export function shuffled<Member>(members: readonly Member[], random: () => number = Math.random): readonly Member[] {
  return members
    .map((member) => ({ member, rank: random() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ member }) => member);
}
