"""The register of the numbers of result.json: one row each, which the result, the export, pages and docs read."""
