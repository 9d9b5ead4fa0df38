    // int a¦;
