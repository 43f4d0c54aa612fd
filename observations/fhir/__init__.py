"""FHIR R4 (HL7 FHIR 4.0.1): Bundles of Observations in, Observations out. `docs/fhir.md` says what is taken and given."""
