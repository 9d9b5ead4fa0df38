if (x) {
    y();
    ¦