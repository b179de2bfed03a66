// Package kind holds what the registries of all kinds share: the answers that their strategies have in common, and how
// stores, status subresources and tables are put together. What is particular to a kind is in the kind's own package.
package kind
