// Writes what Go makes of many durations: time.ParseDuration's nanoseconds and how Duration.String spells them, or null for an error.
// The answers are kept in results.json, and src/domain/duration.test.ts holds our parser to them. To ask Go again:
//
//	cd test/go-durations && go run main.go > results.json
package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"
)

type row struct {
	Input       string  `json:"input"`
	Nanoseconds *string `json:"nanoseconds"`
	Text        *string `json:"text"`
}

type results struct {
	MadeBy string `json:"made_by"`
	Go     string `json:"go"`
	Rows   []row  `json:"rows"`
}

var written = []string{
	// Every unit, and both letters for micro.
	"1ns", "1us", "1µs", "1μs", "1ms", "1s", "1m", "1h", "100µs", "100μs", "100us", "300ms", "2h45m", "1h30m", "1.5h", "-1h", "-1.5h",
	"8760h", "17520h", "60m", "3600s", "1h0m0s", "0h", "0.0s", "-0s", "+0s", "1m1h", "1h1h", "1s1s1s", "1ns1us1µs1μs1ms1s1m1h",
	// Zero and signs.
	"", "0", "+0", "-0", "00", "0.", ".0", "+", "-", "--1s", "++1s", "+-1s", "-+1s", "+5s", "-5s", "1-5s", "1h-5m", "- 5s", "−5s",
	// Points.
	".5s", "1.s", ".s", ".", "-.5s", "-.s", "+.s", "1..5s", "1.5.5s", ".5.5s", "1.5", "1,5s", "5.6s", "5.s", "004s", "0005.0004s", "1.50000s",
	".5h.5m.5s", "1h.5m", "1.h2.m", "0.0000000001s", "0.9ns", "1.9ns", "0.999999999999ns", "1.9999999us",
	// No unit, or none of Go's.
	"1", "3000", "-3", "1d", "1w", "1y", "1M", "1H", "1S", "1MS", "1Ms", "1msec", "1sec", "1min", "1hour", "1 s", "1h 30m", " 1h", "1h ", "\t1h",
	"1h\n", "h", "s1", "hour", "forever", "1hm", "1mh", "1ss", "1e3s", "1E3s", "0x10s", "0b1s", "0o7s", "1_000s", "1ns1", "1h30", "Infinity", "NaN", "null",
	"1constructor", "1__proto__", "1toString", "1hasOwnProperty", "1undefined", "P1D", "PT1H", "01:30:00",
	// Other letters, other digits, broken text.
	"1\u00b5\u03bcs", "1µ", "1μ", "1\u212bs", "１s", "1ｓ", "١s", "1\u0000s", "1s\u0000", "\u00001s", "1h\u200b", "1😀", "😀", "1\u017f",
	// The edges of 63 bits.
	"9223372036854775807ns", "9223372036854775808ns", "-9223372036854775807ns", "-9223372036854775808ns", "-9223372036854775809ns",
	"9223372036854775.807us", "9223372036854775.808us", "-9223372036854775.808us", "9223372036854ms775us807ns", "9223372036854ms775us808ns",
	"-9223372036854ms775us808ns", "-9223372036854ms775us809ns", "9223372036s854ms775us807ns", "9223372036.854775807s", "9223372036.854775808s",
	"2562047h47m16.854775807s", "2562047h47m16.854775808s", "-2562047h47m16.854775807s", "-2562047h47m16.854775808s", "-2562047h47m16.854775809s",
	"2562047h", "2562048h", "-2562048h", "2562047.788015215h", "153722867m", "153722868m", "106751d", "106752d", "9223372036s", "9223372037s",
	"9223372036854ms", "9223372036855ms", "3000000h", "18446744073709551615ns", "18446744073709551616ns", "18446744073709551617ns",
	"99999999999999999999999999999999999999s", "00000000000000000000000000000001s", "00000000000000000009223372036854775807ns",
	"9007199254740991ns", "9007199254740993ns", "9007199254740993us", "1125899906842625.5ns",
	// Long fractions, which Go counts in floating point and cuts at 63 bits.
	"0.3333333333333333333h", "0.100000000000000000000h", "0.830103483285477580700h", "0.33333333333333333333333333333333333333m", "0.9999999999999999999h",
	"0.9223372036854775807h", "0.9223372036854775808h", "0.9223372036854775809h", "0.92233720368547758070h", "0.92233720368547758080h", "0.92233720368547758081h",
	".9223372036854775807s", ".9223372036854775808s", ".9223372036854775809s", ".9223372036854775808m", ".9223372036854775807m",
	"0.0000000000000000000000000000000000000000001h", "0.00000000000000000002777777777777777778h", "0.99999999999999999999999999999999999999999h",
	"0.2777777777777777h", "0.000000000277777777777h", "0.7h", "0.07h", "0.007h", "1.1h", "2.2h", "3.3h", "1.001m", "16.7m", "0.1ms", "0.01us",
	"52763797.1234567891234567891234567h", "12345.6789012345678901234567890h", "39h9m14.425s", "8759.999999999999999h",
}

func inputs() []string {
	all := append([]string{}, written...)
	all = append(all, strings.Repeat("1h", 100), strings.Repeat("0", 300)+"1s", strings.Repeat("9", 300)+"s", "0."+strings.Repeat("0", 400)+"1h",
		"0."+strings.Repeat("3", 400)+"h", strings.Repeat("1", 300), "0."+strings.Repeat("1", 300), strings.Repeat("1.", 300))
	// A walk through the fractions: multiplicative steps, so the same on every machine and in every version of Go.
	state := uint64(88172645463325252)
	for len(all) < 400 {
		state ^= state << 13
		state ^= state >> 7
		state ^= state << 17
		digits := strconv.FormatUint(state, 10)
		units := []string{"h", "m", "s", "ms", "us", "µs", "ns"}
		all = append(all, fmt.Sprintf("%d.%s%s", state%977, digits[:1+int(state>>32)%len(digits)], units[int(state>>16)%len(units)]))
	}
	// And what Go itself writes, for sizes of every order.
	for shift := 0; shift < 63; shift += 3 {
		all = append(all, time.Duration(int64(math.MaxInt64)>>shift).String(), time.Duration(math.MinInt64>>shift).String())
	}
	return all
}

func main() {
	answers := results{MadeBy: "go run main.go > results.json, in test/go-durations", Go: runtime.Version()}
	seen := map[string]bool{}
	for _, input := range inputs() {
		if seen[input] {
			continue
		}
		seen[input] = true
		answer := row{Input: input}
		if duration, err := time.ParseDuration(input); err == nil {
			nanoseconds, text := strconv.FormatInt(int64(duration), 10), duration.String()
			answer.Nanoseconds, answer.Text = &nanoseconds, &text
		}
		answers.Rows = append(answers.Rows, answer)
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(answers); err != nil {
		panic(err)
	}
}
