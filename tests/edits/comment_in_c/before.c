    int a¦;
