resource "random_integer" "i" {
  min  = 5
  max  = 5
  seed = "x"
}
resource "random_shuffle" "s" {
  input = ["a", "b", "c"]
  seed  = "y"
}
