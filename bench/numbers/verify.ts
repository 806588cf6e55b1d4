import { atLeast, type Bench, type Outcome } from '../bench.ts'
import { runBundled } from '../bundled.ts'
import type { Stages } from '../verify-loop.ts'

const decision = 'verify + decide'

export const verify: Bench = {
  name: 'verify',
  title: 'Verifying and deciding, without a network',
  async run({ quick, scratch, say }) {
    const few = await runBundled<Stages>(scratch, 'verify-loop.ts', ['10000'])
    say(`with 10,000 tokens ${Math.round(few.stages[decision] ?? 0)} ns`)
    const many = await runBundled<Stages>(scratch, 'verify-loop.ts', [quick ? '100000' : '1000000'])
    return outcome(few, many)
  },
}

function outcome(few: Stages, many: Stages): Outcome {
  const columns = [few, many].map(({ tokens }) => `${tokens.toLocaleString('en')} tokens, ns`)
  const rows = Object.keys(few.stages).map((name) => ({
    name,
    values: Object.fromEntries([few, many].map(({ stages }, at) => [columns[at] ?? '', stages[name] ?? null])),
  }))
  const perSecond = ({ stages }: Stages) => 1e9 / (stages[decision] ?? Number.NaN)
  const note =
    'One core. Requests of as many tokens, of 100,000 at most, in random order, made a moment before; each decision notes the use of the secret. Stages are measured alone, so they do not add up.'
  return {
    tables: [{ title: 'Nanoseconds for one', columns, rows, note }],
    targets: [
      atLeast('decisions/s at 10,000 tokens', 700_000, perSecond(few)),
      atLeast(`decisions/s at ${many.tokens.toLocaleString('en')} tokens`, 500_000, perSecond(many)),
    ],
  }
}
