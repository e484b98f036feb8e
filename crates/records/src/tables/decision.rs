//! The tables of decisions: what was decided about each declaration, with everything that is needed to decide it
//! again.

use super::{DECLARATION_ID, MONTH, VERSION_NUMBER};
use crate::class::Defined;
use crate::model::Declaration;
use crate::table::Computed::{
    Features, Flag, Integer, Moment, OptionalInteger, OptionalReal, OptionalText, Real, Reasons, Text, Texts,
};
use crate::table::Grade::{General1, General2, General3, General4};
use crate::table::{Column, Computed, Domain, Grade, Source, Table};

/// One row for each decided version of a declaration.
pub static DECISION: Table = Table {
    name: "decision",
    domain: Domain::Risk,
    owner: "risk-management",
    description: "Decisions: the inclusion probability of each consignment with its parts, its draw, and what came of it.",
    class: Declaration::DEFINITION,
    columns: DECISION_COLUMNS,
    elsewhere: &[],
    statistics: &["accepted_at", "listed_on", "office_id", "run_number"],
};

/// One row for each goods item of each decided version of a declaration.
pub static DECISION_ITEM: Table = Table {
    name: "decision_item",
    domain: Domain::Risk,
    owner: "risk-management",
    description: "What each goods item of a decided declaration was assessed as, with the row of features it was assessed by.",
    class: Declaration::DEFINITION,
    columns: ITEM_COLUMNS,
    elsewhere: &[],
    statistics: &["run_number"],
};

/// One row for each work list of an office that closed.
pub static WORK_LIST: Table = Table {
    name: "work_list",
    domain: Domain::Risk,
    owner: "risk-management",
    description: "Work lists as they closed: the slots there were, who contended, and where the ranks were cut.",
    class: Declaration::DEFINITION,
    columns: LIST_COLUMNS,
    elsewhere: &[],
    statistics: &["listed_on", "office_id"],
};

const fn computed(name: &'static str, kind: Computed, grade: Grade, description: &'static str) -> Column {
    Column { name, source: Source::Computed(kind), unit: None, grade, description }
}

const fn in_unit(
    name: &'static str,
    kind: Computed,
    unit: &'static str,
    description: &'static str,
) -> Column {
    Column { unit: Some(unit), ..computed(name, kind, General2, description) }
}

const RUN_NUMBER: Column = computed(
    "run_number",
    Integer,
    General1,
    "Decision run in the ledger; it names snapshot, bundle and state.",
);

const DECISION_COLUMNS: &[Column] = &[
    MONTH,
    DECLARATION_ID,
    VERSION_NUMBER,
    RUN_NUMBER,
    computed("decided_at", Moment, General2, "When the run decided."),
    computed(
        "accepted_at",
        Moment,
        General2,
        "Acceptance of the declaration; every look-up is as of that day.",
    ),
    computed("listed_on", Text, General2, "Day of the work list, CCYY-MM-DD: when the version was lodged."),
    computed(
        "office_id",
        Text,
        General2,
        "Office whose work list it was decided for; empty when not stated.",
    ),
    computed("importer_id", OptionalText, General3, "Importer whose grade applied."),
    computed(
        "grade_code",
        Text,
        General2,
        "Grade of the importer on the day; `unknown` when not registered.",
    ),
    computed(
        "root_id",
        Text,
        General3,
        "Pseudonym of the consignment that the draw is about; amendments, splits and resubmissions keep it.",
    ),
    computed(
        "period",
        Text,
        General1,
        "Calendar month of first acceptance, CCYY-MM: which secret key it was drawn with.",
    ),
    computed(
        "commitment_sequence",
        Integer,
        General1,
        "Commitment of the period in the ledger that was made before the draw.",
    ),
    computed("bundle_hash", Text, General2, "Bundle that assessed and selected."),
    computed(
        "policy_state_version",
        Integer,
        General2,
        "Version of the policy state: thresholds and multipliers.",
    ),
    computed("semantics_version", Integer, General1, "Version of the meaning of features and selection."),
    computed(
        "score",
        Real,
        General4,
        "Probability of a discrepancy, of the worst item, raised by the weights of rules; 0 to 1.",
    ),
    computed(
        "priority",
        Real,
        General4,
        "Score raised by the revenue at stake, as the selection policy weighs it; what the ramp is about, 0 to 1.",
    ),
    computed(
        "guaranteed_probability",
        Real,
        General4,
        "g: the part of p that the law guarantees for the grade; it is never shed.",
    ),
    computed(
        "floor_probability",
        Real,
        General4,
        "f: the part of p that chance alone gives every consignment.",
    ),
    computed("multiplier", Real, General4, "m: multiplier of the stratum of grade and office."),
    computed("exploration", Real, General4, "e: the part of the rest that does not depend on the score."),
    computed(
        "ramp",
        Real,
        General4,
        "r: 0 well below the office's threshold, 1 well above it, and rising on.",
    ),
    computed(
        "inclusion_probability",
        Real,
        General4,
        "p: greatest over the versions of the consignment; 1 when a rule makes it mandatory.",
    ),
    computed(
        "weight",
        Real,
        General4,
        "w: what the rank u / w is taken by, p with r as it is; greatest over the versions of the consignment, at least p.",
    ),
    computed(
        "protected_probability",
        Real,
        General4,
        "Part of p that is never shed, greatest over the versions of the consignment; 1 when a rule makes it mandatory.",
    ),
    computed("draw", Real, General4, "u: keyed draw of the consignment, in [0, 1)."),
    computed(
        "tau",
        Real,
        General4,
        "Cut of the ranks u / w that the others leave it at the close of the office's work list; 1 when all fitted.",
    ),
    computed(
        "realised_probability",
        Real,
        General4,
        "pi: probability of being inspected after the cut, which estimates weigh by; over all consignments it adds up to the expected inspections.",
    ),
    computed(
        "component_code",
        Text,
        General4,
        "Part of p that the draw fell into: mandatory, statutory, floor, exploration, model, or none.",
    ),
    computed("is_in_floor", Flag, General4, "Whether the draw fell below the floor, for mandatory ones too."),
    computed("is_candidate", Flag, General4, "Whether the draw fell below p."),
    computed(
        "is_suppressed",
        Flag,
        General4,
        "Whether only the multiplier of the grade of the trader kept it off the work list, as no candidate or by its rank.",
    ),
    computed("is_selected", Flag, General2, "Whether it is on the work list."),
    computed(
        "is_queued",
        Flag,
        General2,
        "Protected (mandatory, statutory or of the floor) and beyond the slots of the day: it waits for the next free slot.",
    ),
    computed(
        "lane_code",
        Text,
        General2,
        "green release, yellow documents, orange non-intrusive, red physical, blue post-clearance.",
    ),
    computed(
        "is_reinspected",
        Flag,
        General4,
        "Whether a reference team inspects it once more, knowing nothing of the first result.",
    ),
    computed(
        "reinspection_probability",
        Real,
        General4,
        "Probability, given that it is on the work list, of its lane and a second inspection together.",
    ),
    computed("is_held", Flag, General2, "Whether a rule holds the goods until it is settled."),
    computed(
        "is_in_sample",
        Flag,
        General2,
        "Whether the bundle was learnt from days up to or after acceptance: no evidence of how good it is.",
    ),
    computed("revenue_at_stake", Real, General3, "Sum over the items, in the currency of the feature set."),
    computed("directive", OptionalText, General4, "What the officer is asked to do and to look at."),
    computed("rules", Texts, General4, "Ids of the rules that hit."),
    computed(
        "reasons",
        Reasons,
        General4,
        "Why, for selected ones: rules that hit and what moved the score most.",
    ),
    computed(
        "treatment_code",
        OptionalText,
        General2,
        "Where a selected consignment is opened: `port`, or `destination` for special packaging.",
    ),
    computed(
        "treatment_reason",
        OptionalText,
        General2,
        "First reason why it is opened at the port, such as `not-filed`; absent at the destination.",
    ),
    computed(
        "treatment_port_check",
        OptionalText,
        General2,
        "Check at the port in place of opening: exterior or scan.",
    ),
    computed("treatment_site_id", OptionalText, General3, "Site where it is opened."),
    computed("treatment_deadline", OptionalText, General2, "Last day on which it may arrive, CCYY-MM-DD."),
    computed("treatment_officers", OptionalInteger, General2, "Officers who open it together."),
    in_unit("treatment_temperature_low_c", OptionalReal, "°C", "Lowest temperature to open it in."),
    in_unit("treatment_temperature_high_c", OptionalReal, "°C", "Highest temperature to open it in."),
    in_unit("treatment_humidity_low_percent", OptionalReal, "%", "Lowest relative humidity to open it in."),
    in_unit("treatment_humidity_high_percent", OptionalReal, "%", "Highest relative humidity to open it in."),
    computed(
        "treatment_cleanliness_class",
        OptionalInteger,
        General2,
        "Dirtiest class of air to open it in, by ISO 14644-1.",
    ),
];

const LIST_COLUMNS: &[Column] = &[
    MONTH,
    computed("office_id", Text, General2, "Office; empty when not stated."),
    computed("listed_on", Text, General2, "Day of the list, CCYY-MM-DD."),
    RUN_NUMBER,
    computed(
        "slots",
        Integer,
        General2,
        "Inspections that can be done: the slots of the day less those that earlier lists of it took.",
    ),
    computed(
        "reserved_slots",
        Integer,
        General2,
        "Slots kept from protected ones as long as others contend; at most half of all.",
    ),
    computed(
        "waiting_before",
        Integer,
        General2,
        "Protected consignments that waited from the lists before.",
    ),
    computed(
        "declarations",
        Integer,
        General2,
        "Versions decided for the list; none where it only serves who waits.",
    ),
    computed("consignments", Integer, General2, "Consignments that contended."),
    computed("candidates", Integer, General2, "Those whose draw fell below p."),
    computed(
        "protected",
        Integer,
        General2,
        "Mandatory and statutory ones and those of the floor, which are never shed.",
    ),
    computed("listed", Integer, General2, "Consignments of the day that got a slot."),
    computed("queued", Integer, General2, "Protected ones of the day that wait for a slot."),
    computed("waiting_after", Integer, General2, "Protected consignments that wait after the list."),
    computed("tau", Real, General4, "Cut of the ranks u / w of those kept; 1 when all fitted."),
];

const ITEM_COLUMNS: &[Column] = &[
    MONTH,
    DECLARATION_ID,
    VERSION_NUMBER,
    RUN_NUMBER,
    computed("goods_item_seq", Integer, General1, "Number of the goods item."),
    computed("margin", Real, General4, "Log-odds of a discrepancy that the forest gives."),
    computed("probability", Real, General4, "Calibrated probability that an inspection finds a discrepancy."),
    computed("score", Real, General4, "Probability raised by the weights of the rules that hit the item."),
    computed(
        "features",
        Features,
        General4,
        "Row of features, in the order of the bundle; NaN where not known.",
    ),
    computed("rules", Texts, General4, "Ids of the rules whose condition is true of the item."),
];
