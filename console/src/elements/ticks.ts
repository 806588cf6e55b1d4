/** Round numbers from 0 to at least `most`, for the lines of a chart. Counts are whole, so no line stands for a part of one. */
export function ticksUpTo(most: number): readonly number[] {
  const rough = most / 3
  const power = 10 ** Math.floor(Math.log10(Math.max(1, rough)))
  const step = Math.max(1, [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough) ?? power)
  return Array.from({ length: Math.ceil(most / step) + 1 }, (_, index) => index * step)
}
