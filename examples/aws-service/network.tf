module "network" {
  source = "../aws-network"

  region = var.region
  name   = var.name
}

resource "aws_vpc_security_group_egress_rule" "front" {
  security_group_id            = module.network.front_group
  ip_protocol                  = "tcp"
  from_port                    = 8080
  to_port                      = 8080
  referenced_security_group_id = module.network.behind_group
}

resource "aws_vpc_security_group_egress_rule" "behind" {
  security_group_id = module.network.behind_group
  ip_protocol       = "-1"
  cidr_ipv4         = "0.0.0.0/0"
}

resource "aws_security_group" "database" {
  name_prefix = "${var.name}-database-"
  description = "What only the service may reach"
  vpc_id      = module.network.vpc_id

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "database" {
  security_group_id            = aws_security_group.database.id
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
  referenced_security_group_id = module.network.behind_group
}
