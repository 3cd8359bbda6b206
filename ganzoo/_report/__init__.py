"""Report: a comparison as one HTML file that needs no network; reads records alone, without torch or parts."""
