//! The parts of many expressions, equal ones once.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{Engine, Place, Reads, Step};
use crate::expr::Expression;
use crate::expr::error::EvaluateError;
use crate::expr::kind::Kind;
use crate::expr::node::Node;
use crate::expr::read::Inputs;

/// A part by its number; operands have lower numbers than what they are in.
pub(super) type PartId = usize;

/// Parts of expressions.
#[derive(Default)]
pub(super) struct Graph {
    inputs: Inputs,
    parts: Vec<Part>,
    known: HashMap<String, PartId>,
}

struct Part {
    /// The part with its columns by their place among the inputs of all.
    node: Node,
    children: Vec<PartId>,
    /// Inputs that it reads.
    columns: BTreeSet<usize>,
    /// Expressions and other parts that it is in.
    uses: usize,
}

impl Graph {
    /// Adds an expression; gives its whole.
    pub(super) fn add(&mut self, expression: &Expression) -> PartId {
        let places = self.inputs.merge(&expression.inputs);
        let root = self.intern(&expression.node, &places);
        self.parts[root].uses += 1;
        root
    }

    pub(super) fn inputs(&self) -> &Inputs {
        &self.inputs
    }

    pub(super) fn into_inputs(self) -> Inputs {
        self.inputs
    }

    fn intern(&mut self, node: &Node, places: &[usize]) -> PartId {
        let children: Vec<PartId> =
            node.children().into_iter().map(|child| self.intern(child, places)).collect();
        let operands: Vec<Node> = children.iter().map(|child| self.parts[*child].node.clone()).collect();
        let node = match node {
            Node::Column { index, kind } => Node::Column { index: places[*index], kind: *kind },
            other => other.with_children(operands),
        };
        let mut name = String::new();
        node.write_canonical(&self.inputs.schema(), &mut name);
        if let Some(id) = self.known.get(&name) {
            return *id;
        }
        for child in &children {
            self.parts[*child].uses += 1;
        }
        let mut columns: BTreeSet<usize> =
            children.iter().flat_map(|child| self.parts[*child].columns.iter().copied()).collect();
        if let Node::Column { index, .. } = &node {
            columns.insert(*index);
        }
        self.parts.push(Part { node, children, columns, uses: 0 });
        let id = self.parts.len() - 1;
        self.known.insert(name, id);
        id
    }

    pub(super) fn kind(&self, id: PartId) -> Kind {
        self.parts[id].node.kind()
    }

    fn is_leaf(&self, id: PartId) -> bool {
        matches!(self.parts[id].node, Node::Column { .. } | Node::Literal { .. })
    }

    /// Whether a part is a condition or a text that depends on one text column and nothing else.
    pub(super) fn depends_on_one_text(&self, id: PartId) -> bool {
        let Part { columns, .. } = &self.parts[id];
        let is_text = |index: &usize| self.inputs.kind(*index) == Kind::Text;
        let gives = matches!(self.kind(id), Kind::Boolean | Kind::Text);
        !self.is_leaf(id) && gives && columns.len() == 1 && columns.iter().all(is_text)
    }

    /// Whether a part joins conditions, none of them a constant.
    fn is_logic(&self, id: PartId) -> bool {
        let Part { node, children, .. } = &self.parts[id];
        let is_constant = |child: &PartId| matches!(self.parts[*child].node, Node::Literal { .. });
        matches!(node, Node::Not(_) | Node::All(_) | Node::Any(_)) && !children.iter().any(is_constant)
    }

    /// Where a part is that is a column or a step.
    pub(super) fn place(&self, id: PartId, steps: &BTreeMap<PartId, Place>) -> Place {
        let column = || Place::Input(self.parts[id].columns.first().copied().unwrap_or_default());
        steps.get(&id).copied().unwrap_or_else(column)
    }

    /// Parts to evaluate on their own, in an order in which each comes after what it is made of: whole expressions, what
    /// `AND`, `OR` and `NOT` join, conditions that depend on one text, and what is used more than once.
    pub(super) fn steps(&self, roots: &[PartId]) -> BTreeSet<PartId> {
        let is_column = |id: &PartId| matches!(self.parts[*id].node, Node::Column { .. });
        let mut steps = BTreeSet::new();
        let mut open: Vec<PartId> = roots.iter().copied().filter(|id| !is_column(id)).collect();
        while let Some(id) = open.pop() {
            if !steps.insert(id) {
                continue;
            }
            if self.is_logic(id) && !self.depends_on_one_text(id) {
                open.extend(self.parts[id].children.iter().copied().filter(|child| !self.is_leaf(*child)));
            } else {
                self.inner_steps(id, &mut open);
            }
        }
        steps
    }

    /// Adds the parts inside one that are steps of their own.
    fn inner_steps(&self, id: PartId, steps: &mut Vec<PartId>) {
        let mut open = vec![id];
        while let Some(inside) = open.pop() {
            for child in self.parts[inside].children.iter().copied().filter(|child| !self.is_leaf(*child)) {
                let is_shared = self.parts[child].uses > 1;
                let is_step = if self.depends_on_one_text(id) {
                    // Texts are few: of what is made of them, only other texts, which are fewer, are worth a step.
                    is_shared && self.kind(child) == Kind::Text
                } else {
                    is_shared || (self.depends_on_one_text(child) && self.kind(child) == Kind::Boolean)
                };
                if is_step { steps.push(child) } else { open.push(child) }
            }
        }
    }

    /// The step of a part, over the steps and columns that it reads.
    pub(super) fn step(&self, id: PartId, steps: &BTreeMap<PartId, Place>) -> Result<Step, EvaluateError> {
        let Part { node, children, .. } = &self.parts[id];
        let places = || children.iter().map(|child| self.place(*child, steps));
        let depends_on_one_text = self.depends_on_one_text(id);
        if self.is_logic(id) && !depends_on_one_text {
            return Ok(match node {
                Node::Not(_) => Step::Not(self.place(children[0], steps)),
                Node::All(_) => Step::All(places().collect()),
                _ => Step::Any(places().collect()),
            });
        }
        let mut reads = Reads::new();
        if !depends_on_one_text {
            return Ok(Step::Engine(Engine::new(&self.over(id, steps, &mut reads), &reads)?));
        }
        let is_text = |(part, _): &(&PartId, &Place)| self.kind(**part) == Kind::Text;
        let texts = steps.iter().filter(is_text).map(|(part, place)| (*part, *place)).collect();
        let mut node = self.over(id, &texts, &mut reads);
        if reads.len() != 1 {
            reads.clear();
            node = self.over(id, &BTreeMap::new(), &mut reads);
        }
        Ok(Step::Engine(Engine::new(&node, &reads)?))
    }

    /// A part over what it reads.
    fn over(&self, id: PartId, steps: &BTreeMap<PartId, Place>, reads: &mut Reads) -> Node {
        let Part { node, children, .. } = &self.parts[id];
        if let Node::Column { index, kind } = node {
            return read(Place::Input(*index), *kind, reads);
        }
        let operands = children.iter().map(|child| match steps.get(child) {
            Some(place) => read(*place, self.kind(*child), reads),
            None => self.over(*child, steps, reads),
        });
        let operands = operands.collect();
        node.with_children(operands)
    }
}

/// A column for a place, which is added to those that are read when it is new.
fn read(place: Place, kind: Kind, reads: &mut Reads) -> Node {
    let index = reads.iter().position(|(known, _)| *known == place).unwrap_or_else(|| {
        reads.push((place, kind));
        reads.len() - 1
    });
    Node::Column { index, kind }
}
