// Package fallback stands for root certificates that a benchmark on loopback does not need.
package fallback
