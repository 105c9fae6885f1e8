resource "time_static" "t" {
  rfc3339 = "2020-02-12T06:36:13Z"
}
resource "time_offset" "o" {
  base_rfc3339 = "2020-02-12T06:36:13Z"
  offset_days  = 7
}
output "later" {
  value = time_offset.o.rfc3339
}
