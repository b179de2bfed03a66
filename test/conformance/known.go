package main

import "fmt"

// known is the reason for each file whose difference is accepted.
type known map[string]string

func parseKnown(content string) (known, error) {
	rows, err := parseTable(content, "file", "reason")
	if err != nil {
		return nil, fmt.Errorf("known.tsv: %w", err)
	}
	k := known{}
	for _, row := range rows {
		if row["file"] == "" || row["reason"] == "" {
			return nil, fmt.Errorf("known.tsv: a line without file or reason: %v", row)
		}
		k[row["file"]] = row["reason"]
	}
	return k, nil
}

// judge marks a difference that is known. What is known to differ and is the same is no failure: some examples draw lots.
// What could not be run to its end is never known.
func (k known) judge(r result) result {
	if reason, ok := k[r.path]; ok && r.outcome.differs() && r.outcome != outcomeError {
		r.known = reason
	}
	return r
}
