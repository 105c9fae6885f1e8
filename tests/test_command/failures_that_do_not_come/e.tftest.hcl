run "bad" {
  expect_failures = [local.x, module.m, run.x]
}
