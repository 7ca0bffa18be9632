"""What the product costs at the sizes of an operator with thousands of mailboxes: `script/bench scale`."""
