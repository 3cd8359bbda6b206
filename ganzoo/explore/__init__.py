"""Looking at what a network learned: one module per figure, each a function of an opened run (`subject.py`)."""
