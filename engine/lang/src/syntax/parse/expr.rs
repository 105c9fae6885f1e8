//! Operators: conditionals, binary operators by precedence, unary operators.
//!
//! None of these recurses: chains of operators are kept on explicit stacks, whatever their length.

use super::{MAX_HEIGHT, Parsed, Parser};
use crate::rules;
use crate::source::Span;
use crate::syntax::ast::{BinaryOp, Expr, ExprKind, UnaryOp};
use crate::syntax::scan::TokenKind;

/// Chains of `&&` or `||` with more operands than this become balanced trees. Both are associative, with
/// short-circuit evaluation too, so that only the height of the tree changes.
const BALANCE_FROM: usize = 16;

/// An operand and the height of its tree.
type Operand = (Expr, u32);

/// Operands and the operators between them that wait for one of higher precedence.
#[derive(Default)]
struct Pending {
    operands: Vec<Operand>,
    operators: Vec<BinaryOp>,
}

impl Parser<'_> {
    /// An expression of any kind.
    pub(super) fn expression(&mut self) -> Parsed<Expr> {
        self.descend()?;
        let first = self.binary()?;
        let expr = if self.peek().kind == TokenKind::Question {
            self.conditional(first)?
        } else {
            first
        };
        self.depth -= 1;
        Ok(expr)
    }

    /// `a ? b : c ? d : e`, of which `first` is `a`; nests to the right.
    #[inline(never)]
    fn conditional(&mut self, first: Expr) -> Parsed<Expr> {
        let mut arms: Vec<(Expr, Expr, u32)> = Vec::new();
        let mut last = first;
        while self.take(TokenKind::Question).is_some() {
            let condition_height = self.height;
            let then = self.expression()?;
            let height = self.height.max(condition_height);
            let colon = self.peek();
            if colon.kind != TokenKind::Colon {
                let start = last.span.start;
                let detail = "The conditional operator (...?...:...) requires a false expression, delimited by a colon.";
                return Err(self.unexpected_in(
                    start,
                    colon,
                    &rules::syntax::MISSING_FALSE_EXPRESSION,
                    detail,
                ));
            }
            self.next();
            arms.push((last, then, height));
            last = self.binary()?;
        }
        let mut height = self.height;
        for (condition, then, arm_height) in arms.into_iter().rev() {
            let span = condition.span.to(last.span);
            last = self.node(
                ExprKind::Conditional(Box::new([condition, then, last])),
                span,
                height.max(arm_height),
            )?;
            height = self.height;
        }
        self.height = height;
        Ok(last)
    }

    /// Operands with binary operators between them.
    fn binary(&mut self) -> Parsed<Expr> {
        let first = self.unary()?;
        let Some(operator) = binary_operator(self.peek().kind) else {
            return Ok(first);
        };
        self.binary_rest(first, operator)
    }

    #[inline(never)]
    fn binary_rest(&mut self, first: Expr, mut operator: BinaryOp) -> Parsed<Expr> {
        let mut pending = Pending {
            operands: vec![(first, self.height)],
            operators: Vec::new(),
        };
        loop {
            self.next();
            self.reduce(&mut pending, Some(operator))?;
            pending.operators.push(operator);
            let operand = self.unary()?;
            pending.operands.push((operand, self.height));
            match binary_operator(self.peek().kind) {
                Some(next) => operator = next,
                None => break,
            }
        }
        self.reduce(&mut pending, None)?;
        let (expr, height) = pending.operands.pop().expect("reduced to one operand");
        self.height = height;
        Ok(expr)
    }

    /// Joins all pending operands that bind at least as tightly as `next`; all if there is no next one.
    /// A run of the same logical operator waits until it is complete.
    fn reduce(&mut self, pending: &mut Pending, next: Option<BinaryOp>) -> Parsed<()> {
        while let Some(top) = pending.operators.last().copied() {
            if next.is_some_and(|next| {
                precedence(top) < precedence(next) || (is_logical(top) && top == next)
            }) {
                break;
            }
            let mut run = 1;
            if is_logical(top) {
                run = pending
                    .operators
                    .iter()
                    .rev()
                    .take_while(|operator| **operator == top)
                    .count();
            }
            pending.operators.truncate(pending.operators.len() - run);
            let operands = pending.operands.split_off(pending.operands.len() - run - 1);
            let joined = self.join(top, operands)?;
            pending.operands.push(joined);
        }
        Ok(())
    }

    /// One tree of operands between which the same operator stands.
    fn join(&mut self, operator: BinaryOp, mut operands: Vec<Operand>) -> Parsed<Operand> {
        if operands.len() > BALANCE_FROM {
            let right = operands.split_off(operands.len() / 2);
            let left = self.join(operator, operands)?;
            let right = self.join(operator, right)?;
            return self.pair(operator, left, right);
        }
        let mut operands = operands.into_iter();
        let mut joined = operands.next().expect("an operator has operands");
        for right in operands {
            joined = self.pair(operator, joined, right)?;
        }
        Ok(joined)
    }

    fn pair(&mut self, operator: BinaryOp, left: Operand, right: Operand) -> Parsed<Operand> {
        let span = left.0.span.to(right.0.span);
        let child = left.1.max(right.1);
        let expr = self.node(
            ExprKind::Binary(operator, Box::new([left.0, right.0])),
            span,
            child,
        )?;
        Ok((expr, self.height))
    }

    /// An operand with the signs before it. A sign binds tighter than any binary operator and weaker than
    /// a step.
    fn unary(&mut self) -> Parsed<Expr> {
        if !matches!(self.peek().kind, TokenKind::Minus | TokenKind::Bang) {
            return self.operand();
        }
        self.signs()
    }

    #[inline(never)]
    fn signs(&mut self) -> Parsed<Expr> {
        let mut signs = Vec::new();
        loop {
            let token = self.peek();
            let operator = match token.kind {
                TokenKind::Minus => UnaryOp::Neg,
                TokenKind::Bang => UnaryOp::Not,
                _ => break,
            };
            signs.push((operator, token.start));
            self.next();
            if signs.len() > MAX_HEIGHT as usize {
                // Gives the message about the height.
                break;
            }
        }
        let too_many = signs.len() > MAX_HEIGHT as usize;
        let mut expr = if too_many {
            self.leaf(ExprKind::Null, self.span(self.peek()))
        } else {
            self.operand()?
        };
        for (operator, start) in signs.into_iter().rev() {
            let span = Span::new(self.file, start, expr.span.end);
            expr = self.node(ExprKind::Unary(operator, Box::new(expr)), span, self.height)?;
        }
        Ok(expr)
    }
}

pub(super) fn binary_operator(kind: TokenKind) -> Option<BinaryOp> {
    Some(match kind {
        TokenKind::Or => BinaryOp::Or,
        TokenKind::And => BinaryOp::And,
        TokenKind::Equal => BinaryOp::Eq,
        TokenKind::NotEqual => BinaryOp::NotEq,
        TokenKind::Less => BinaryOp::Less,
        TokenKind::LessEqual => BinaryOp::LessEq,
        TokenKind::Greater => BinaryOp::Greater,
        TokenKind::GreaterEqual => BinaryOp::GreaterEq,
        TokenKind::Plus => BinaryOp::Add,
        TokenKind::Minus => BinaryOp::Sub,
        TokenKind::Star => BinaryOp::Mul,
        TokenKind::Slash => BinaryOp::Div,
        TokenKind::Percent => BinaryOp::Mod,
        _ => return None,
    })
}

fn precedence(operator: BinaryOp) -> u8 {
    match operator {
        BinaryOp::Or => 0,
        BinaryOp::And => 1,
        BinaryOp::Eq | BinaryOp::NotEq => 2,
        BinaryOp::Less | BinaryOp::LessEq | BinaryOp::Greater | BinaryOp::GreaterEq => 3,
        BinaryOp::Add | BinaryOp::Sub => 4,
        BinaryOp::Mul | BinaryOp::Div | BinaryOp::Mod => 5,
    }
}

fn is_logical(operator: BinaryOp) -> bool {
    matches!(operator, BinaryOp::Or | BinaryOp::And)
}
