run "another" {
  variables {
    a = 20
  }
  expect_failures = [output.o]
}
