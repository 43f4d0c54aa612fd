"""What the job ledger costs: throughput, latency, claims beside a long history, and the repair desk with a million failures."""
