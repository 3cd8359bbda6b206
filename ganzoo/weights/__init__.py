"""WeightsFile: pretrained files found, checked, fetched."""
