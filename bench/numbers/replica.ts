import { atMost, type Bench, type Chart, type Outcome } from '../bench.ts'
import { runBundled } from '../bundled.ts'
import { clientCore, serverCore } from '../processes.ts'
import type { Filled } from '../replica-loop.ts'

const columns = {
  ...{ bytes: 'bytes/token', rss: 'RSS MiB', insert: 'insert ns', longest: 'longest ms', change: 'change ns', remove: 'remove ns' },
  ...{ lookUp: 'look-up ns', unknown: 'unknown ns', collection: 'full GC ms' },
}

type Kind = 'packed' | 'map'
type Measured = Filled & { readonly kind: Kind }

export const replica: Bench = {
  name: 'replica',
  title: "The gate's table of tokens",
  async run({ quick, scratch, say }) {
    const sizes = quick ? [1_000, 10_000, 100_000] : [1_000, 10_000, 100_000, 1_000_000, 10_000_000]
    const measured: Measured[] = []
    for (const [kind, tokens] of [...sizes.map((size) => ['packed', size] as const), ['map', quick ? 100_000 : 1_000_000] as const]) {
      const filled = await runBundled<Filled>(scratch, 'replica-loop.ts', [String(tokens), kind], [serverCore, clientCore])
      say(
        `${kind}, ${tokens.toLocaleString('en')}: ${Math.round(filled.bytesPerToken)} bytes a token, look-up ${Math.round(filled.lookUpNs)} ns`,
      )
      measured.push({ ...filled, kind })
    }
    return outcome(measured)
  },
}

function outcome(measured: readonly Measured[]): Outcome {
  const rows = measured.map(({ kind, ...filled }) => ({
    name: `${filled.tokens.toLocaleString('en')}${kind === 'map' ? ' in a Map of objects' : ''}`,
    values: {
      ...{ [columns.bytes]: filled.bytesPerToken, [columns.rss]: filled.rssMiB, [columns.insert]: filled.insertNs },
      ...{ [columns.longest]: filled.longestMs, [columns.change]: filled.changeNs, [columns.remove]: filled.removeNs },
      ...{ [columns.lookUp]: filled.lookUpNs, [columns.unknown]: filled.unknownNs, [columns.collection]: filled.collectionMs },
    },
  }))
  const note =
    'One process for each row. Bytes are the growth of the heap and of the memory behind typed arrays, after a garbage collection, with all room that is kept; RSS is that of the whole process. The longest is that of every single insertion, change and removal but the first 300,000 of each kind, until which V8 compiles; garbage collections are in it, and time that other programs took is not. Collections have threads of their own, for which the second core is there: with one core for everything, each takes some 4 ms, and the longest up to 7.'
  const packed = measured.filter(({ kind }) => kind === 'packed')
  const million = packed.find(({ tokens }) => tokens === 1_000_000)
  const tenMillion = packed.find(({ tokens }) => tokens === 10_000_000)
  return {
    tables: [{ title: 'The table by its size', columns: Object.values(columns), rows, note }],
    targets: [
      ...(million ? [atMost('bytes a token at 1,000,000', 150, million.bytesPerToken)] : []),
      ...(tenMillion ? [atMost('MiB for 10,000,000 tokens, the process included', 1_430, tenMillion.rssMiB)] : []),
      atMost('the longest that one insertion, change or removal took, ms', 5, Math.max(...packed.map(({ longestMs }) => longestMs))),
    ],
    charts: [
      chart('replica-memory', 'Memory of the table', columns.bytes, packed, ({ bytesPerToken }) => bytesPerToken),
      chart('replica-look-up', 'Look-up in the table', columns.lookUp, packed, ({ lookUpNs }) => lookUpNs),
    ],
  }
}

function chart(file: string, title: string, label: string, filled: readonly Filled[], y: (one: Filled) => number): Chart {
  // Of a thousand tokens, the pages and the index are nearly all room.
  const points = filled.filter(({ tokens }) => tokens >= 10_000).map((one) => ({ x: one.tokens, y: y(one) }))
  return { file, title, x: { label: 'tokens', log: true }, y: { label }, series: [{ name: 'packed', points }] }
}
