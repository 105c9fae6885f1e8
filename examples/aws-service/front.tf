# A load balancer in front.

resource "aws_lb" "front" {
  name               = var.name
  load_balancer_type = "application"
  subnets            = values(module.network.public_subnets)
  security_groups    = [module.network.front_group]

  enable_deletion_protection = var.keep
}

resource "aws_lb_target_group" "service" {
  name        = var.name
  port        = 8080
  protocol    = "HTTP"
  target_type = "ip"
  vpc_id      = module.network.vpc_id

  deregistration_delay = 30

  health_check {
    path    = "/health"
    matcher = "200"
  }
}

resource "aws_lb_listener" "http" {
  load_balancer_arn = aws_lb.front.arn
  port              = 80
  protocol          = "HTTP"

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.service.arn
  }
}
