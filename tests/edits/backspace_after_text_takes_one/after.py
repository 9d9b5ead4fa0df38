a  ¦
