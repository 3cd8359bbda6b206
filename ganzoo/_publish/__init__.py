"""Publishing: folders that strangers can import, score again to the same bits, and rank."""
