if (x) {
    y();
}¦