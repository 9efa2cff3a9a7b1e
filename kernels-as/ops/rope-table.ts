import { cosReduced, quarterTurns, remainder, sinReduced } from '../inline/sincos'

/**
 * The rotation of one position: out[2j] = cos(a_j) * mscale, out[2j + 1] = sin(a_j) * mscale as f32, with
 * a_j = position * freqs[j] in f64, j < half. `freqs` f64[half]: radians per position of each pair.
 */
export function rope_table(out: usize, freqs: usize, half: i32, position: f64, mscale: f64): void {
  for (let j = 0; j < half; j++) {
    const angle = position * load<f64>(freqs)
    const turns = quarterTurns(angle)
    const r = remainder(angle, turns)
    const s = sinReduced(r)
    const c = cosReduced(r)
    const quadrant = <i32>(<i64>turns & 3)
    const sine = quadrant & 1 ? c : s
    const cosine = quadrant & 1 ? s : c
    store<f32>(out, <f32>((quadrant == 1 || quadrant == 2 ? -cosine : cosine) * mscale))
    store<f32>(out, <f32>((quadrant >= 2 ? -sine : sine) * mscale), 4)
    freqs += 8
    out += 8
  }
}
