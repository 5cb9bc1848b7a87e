package redact_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spanpipe/spanpipe/consent/redact"
)

// Text without white space is not one token: the edge takes little of it.
func TestEdgeKeeps(t *testing.T) {
	r := newRedactor(t)
	for name, unit := range map[string]string{
		"Chinese": "北京今天晴，最高气温三十度。", "Japanese": "東京は今日は晴れで、最高気温は三十度です。",
		"Thai": "วันนี้กรุงเทพฯอากาศแจ่มใส", "Chinese with numbers": "气温30.5度，湿度48%。", "numbers": "12,345,", "names": "src/a.go;",
		"escaped": `\u5317\u4eac\u4eca\u5929`,
	} {
		t.Run(name, func(t *testing.T) {
			in := strings.Repeat(unit, 5120/len(unit)) + unit[:1]
			for _, in := range []string{in, `{"text":"` + in} {
				if out := r.JSON([]byte(in), true, 4096); len(out) < 3500 || !utf8.ValidString(out) {
					t.Errorf("%d of %d bytes are left", len(out), len(in))
				}
			}
		})
	}
}

// Half of what such text holds goes all the same.
func TestEdgeRemoves(t *testing.T) {
	r := newRedactor(t)
	filler := strings.Repeat("今天天气很好。", 200)
	for name, tt := range map[string]struct{ in, gone string }{
		"password":            {filler + "密码是hunter2hun", "hunter2"},
		"address":             {filler + "写信给王小明@例", "王小明"},
		"address in ASCII":    {filler + "写信给alice@exam", "alice"},
		"long token":          {filler + "令牌ghp_" + strings.Repeat("a1B2", 6), "a1B2a1B2"},
		"longer than a bound": {filler + "eyJ" + strings.Repeat("hbGc", 500), "hbGc"},
		"numbers":             {strings.Repeat("12,", 800) + "4111111111111", "41111111"},
	} {
		t.Run(name, func(t *testing.T) {
			if out := r.Text([]byte(tt.in), true, 1<<20); strings.Contains(out, tt.gone) {
				t.Errorf("%q is left in …%q", tt.gone, out[max(0, len(out)-60):])
			}
		})
	}
}

// What comes behind a name is read a bounded number of times. A name before each of many values that go on to the end of
// the line is where it was not.
func TestPairsAreLinear(t *testing.T) {
	for _, unit := range []string{
		"auth: a {", "cookie: a [", "authorization: ${x} ", "token='a ", `password=\"`, "name: password value: ", "pin: |\n x\n",
		"<password>", "<password><![CDATA[", "password:", "DB_PASSWORD=a b c ", "key=value;", "seed phrase: ",
	} {
		const most = 100 // times the length of the text: values overlap, and of each at most 512 bytes are judged
		for _, n := range []int{1 << 12, 1 << 16} {
			if steps := redact.PairSteps(strings.Repeat(unit, n/len(unit))); steps > most*n {
				t.Errorf("%q, %d bytes: %d bytes of values were read", unit, n, steps)
			}
		}
	}
}
