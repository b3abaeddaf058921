// Package board checks deploy/chart/files/board.json by Grafana's own types, which refuse what they do not know, and its queries
// by the parser of Prometheus.
package board

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/prometheus/prometheus/promql/parser"
)

func read(t *testing.T) []byte {
	t.Helper()
	raw, err := os.ReadFile("../../../deploy/chart/files/board.json")
	if err != nil {
		t.Fatal(err)
	}
	plugins.RegisterDefaultPlugins()
	return raw
}

// What Grafana's types return is never nil, but an empty list of faults where there are none.
func isFault(err error) bool {
	return err != nil && err.Error() != ""
}

func TestTheBoardIsOneOfGrafana(t *testing.T) {
	raw := read(t)
	var board dashboard.Dashboard
	if err := board.UnmarshalJSONStrict(raw); isFault(err) {
		t.Fatal(err)
	}
	if err := board.Validate(); isFault(err) {
		t.Fatal(err)
	}
	misspelt := strings.Replace(string(raw), "legendFormat", "legendFormats", 1)
	if err := board.UnmarshalJSONStrict([]byte(misspelt)); !isFault(err) {
		t.Error("a field that does not exist is not noticed")
	}
}

func TestPrometheusUnderstandsEachQuery(t *testing.T) {
	var board struct {
		Panels []struct {
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(read(t), &board); err != nil {
		t.Fatal(err)
	}
	// What Grafana fills in.
	filled := strings.NewReplacer("$__rate_interval", "5m", "$job", "kigen")
	promql, queries := parser.NewParser(parser.Options{}), 0
	for _, panel := range board.Panels {
		for _, target := range panel.Targets {
			queries++
			if _, err := promql.ParseExpr(filled.Replace(target.Expr)); err != nil {
				t.Errorf("%s: %v", target.Expr, err)
			}
		}
	}
	if queries < len(board.Panels)/2 {
		t.Errorf("%d panels have %d queries only", len(board.Panels), queries)
	}
}
