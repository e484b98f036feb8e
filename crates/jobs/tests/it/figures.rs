//! What the shipped datasets say of a country that is small enough to be counted by hand.

use crate::place::Place;
use crate::small_country::small_country;
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use tidegate_jobs::datasets::{Outcome, RefreshOptions, refresh, shipped};
use tidegate_jobs::{Quiet, query};

/// What is asked of a dataset, and the answer.
struct Figures {
    dataset: &'static str,
    columns: &'static str,
    /// A condition on its rows.
    of: &'static str,
    /// In the order of their text.
    rows: &'static [&'static str],
}

/// Every shipped dataset.
const FIGURES: [Figures; 19] = [
    // A0 counts once, with its second version.
    Figures {
        dataset: "declaration_counts",
        columns: "month, office_id, declaration_type_code, procedure_code, border_transport_mode_code, declarations, \
                  goods_items, amended_declarations, amendment_rate",
        of: "true",
        rows: &["2025-11 20 IMA 40 1 10 10 1 0.1", "2025-12 30 EXA 10 3 1 2 0 0.0"],
    },
    // 100 + 200 + ... + 1,000, of 10 kg each; the export is one of too few.
    Figures {
        dataset: "trade_statistics",
        columns: "month, trade_flow_code, commodity_hs6, partner_country_code, statistical_value_currency, enterprises, \
                  declarations, goods_items, CAST(statistical_value_amount AS DOUBLE), CAST(net_mass_kg AS DOUBLE)",
        of: "true",
        rows: &["2025-11 import 220410 FR EUR 3 10 10 5500.0 100.0"],
    },
    // Three enterprises are counted, and are too few for a quantile of what they state.
    Figures {
        dataset: "commodity_prices",
        columns: "month, commodity_hs4, origin_country_code, statistical_value_currency, enterprises, declarations, \
                  goods_items, round(p10_value_per_kg, 3), round(p25_value_per_kg, 3), median_value_per_kg, \
                  round(p75_value_per_kg, 3), round(p90_value_per_kg, 3)",
        of: "true",
        rows: &["2025-11 2204 FR EUR 3 10 10 - - - - -"],
    },
    // I0 is dishonest, whatever its grade without a day says; I1 and I2 are conventional: five of their six are inspected.
    Figures {
        dataset: "aeo_benefits",
        columns: "month, grade_code, importers, declarations, inspected_declarations, discrepancy_declarations, \
                  round(inspection_rate, 4), round(hit_rate, 4), round(conventional_inspection_rate, 4), \
                  round(inspection_rate_ratio, 4), abs(round(spared_inspections, 4))",
        of: "true",
        rows: &[
            "2025-11 conventional 2 6 5 4 0.8333 0.8 0.8333 1.0 0.0",
            "2025-11 dishonest 1 4 2 2 0.5 1.0 0.8333 0.6 1.3333",
            "2025-12 unknown 0 1 0 0 0.0 - - - -",
        ],
    },
    // The grade that I2 will have in June 2026 is none yet. I0 declared 100, 400, 700 and 1,000.
    Figures {
        dataset: "enterprise_profile",
        columns: "importer_id, coalesce(enterprise_name, 'nameless'), grade_code, \
                  coalesce(left(CAST(grade_effective_at AS VARCHAR), 10), 'undated'), grade_changes, active_months, offices, \
                  declarations, amended_declarations, amendment_rate, goods_items, commodities, origin_countries, \
                  statistical_value_currency, CAST(statistical_value_amount AS DOUBLE), inspected_declarations, \
                  discrepancy_declarations, round(inspection_rate, 4), hit_rate, \
                  left(CAST(last_discrepancy_at AS VARCHAR), 10)",
        of: "true",
        rows: &[
            "I0 I0 Ltd dishonest 2025-01-01 1 1 1 4 1 0.25 4 1 1 EUR 2200.0 2 2 0.5 1.0 2025-11-12",
            "I1 I1 Ltd conventional undated 0 1 1 3 0 0.0 3 1 1 EUR 1500.0 3 3 1.0 1.0 2025-11-10",
            "I2 nameless conventional 2025-06-01 0 1 1 3 0 0.0 3 1 1 EUR 1800.0 2 1 0.6667 0.5 2025-11-10",
        ],
    },
    // A0 to A4, once each: 600 and 400 as they were corrected, and three times 1,000. A7 is one of too few.
    Figures {
        dataset: "findings_by_kind",
        columns: "month, finding_type_code, finding_severity_code, revenue_currency, enterprises, findings, declarations, \
                  findings_with_revenue, CAST(revenue_amount AS DOUBLE)",
        of: "true",
        rows: &["2025-11 undervaluation major EUR 3 5 5 5 4000.0"],
    },
    // A6 was withdrawn: it is selected and not inspected.
    Figures {
        dataset: "inspection_rates",
        columns: "month, office_id, grade_code, declarations, selected_declarations, inspected_declarations, \
                  selected_inspected_declarations, discrepancy_declarations, selection_rate, round(inspection_rate, 4), \
                  hit_rate",
        of: "month = '2025-11'",
        rows: &[
            "2025-11 20 conventional 5 3 5 3 4 0.6 1.0 0.8",
            "2025-11 20 dishonest 3 3 2 2 2 1.0 0.6667 1.0",
            "2025-11 20 undecided 2 0 0 0 0 - 0.0 -",
        ],
    },
    // The 3rd has 10 slots: 4 are used, then 6, one of them by who waited. The 4th has 2. The list of the 3rd closes last.
    Figures {
        dataset: "office_workload",
        columns: "month, office_id, work_lists, slots, consignments, candidates, listed_consignments, queued_consignments, \
                  served_from_queue, used_slots, slot_use_rate, candidates_per_slot, full_work_lists, most_waiting, \
                  waiting_at_end",
        of: "true",
        rows: &[
            "2025-11 20 2 12 25 18 11 3 1 12 1.0 1.5 2 2 2",
            "2025-12 30 1 4 4 1 1 0 0 1 0.25 0.25 0 0 0",
        ],
    },
    // Nobody had inspected A8 before.
    Figures {
        dataset: "second_inspections",
        columns: "month, lane_code, reinspected_declarations, agreed_declarations, missed_declarations, \
                  unconfirmed_declarations, miss_rate",
        of: "true",
        rows: &["2025-11 red 2 1 1 0 0.5", "2025-11 yellow 1 0 0 1 -"],
    },
    // A0 to A5 and A7 have a result in the lane red, A6 a decision for it.
    Figures {
        dataset: "clearance_times",
        columns: "lane_code, stage_code, responsible_code, declarations, left_out_declarations, round(mean_hours, 4), median_hours",
        of: "month = '2025-11' AND (stage_code LIKE 'decision-to-%' OR stage_code LIKE 'destination-%' OR stage_code LIKE \
             'opening-%' OR stage_code = 'acceptance-to-decision')",
        rows: &[
            "red acceptance-to-decision customs 8 0 6.0 6.0",
            // A0 two days after the six others.
            "red decision-to-result shared 7 0 168.8571 162.0",
            "red decision-to-sealing customs 2 0 54.0 54.0",
            "red destination-to-opening shared 2 0 18.0 18.0",
            "red opening-to-release customs 1 0 6.0 6.0",
        ],
    },
    // A0 has two versions. Of each eight results three name no goods item; none of the events a seal.
    Figures {
        dataset: "column_completeness",
        columns: "month, table_name, column_name, stored_rows, absent_rows, completeness_rate",
        of: "concat(table_name, '.', column_name) IN ('declaration.importer_id', 'goods_item.statistical_value_amount', \
             'inspection.goods_item_seq', 'reinspection.lane_code', 'treatment_event.seal_id')",
        rows: &[
            "2025-11 declaration importer_id 11 0 1.0",
            "2025-11 goods_item statistical_value_amount 11 0 1.0",
            "2025-11 inspection goods_item_seq 16 6 0.625",
            "2025-11 reinspection lane_code 4 0 1.0",
            "2025-11 treatment_event seal_id 8 8 0.0",
            "2025-12 declaration importer_id 1 1 0.0",
            "2025-12 goods_item statistical_value_amount 2 2 0.0",
        ],
    },
    // Two grades without a day have a name, four with a day have none. Nothing is filed.
    Figures {
        dataset: "register_completeness",
        columns: "table_name, column_name, stored_rows, absent_rows, round(completeness_rate, 4)",
        of: "column_name IN ('name', 'grade_effective_at', 'filing_id')",
        rows: &[
            "enterprise grade_effective_at 6 2 0.6667",
            "enterprise name 6 4 0.3333",
            "special_filing filing_id 0 0 -",
        ],
    },
    // The second goods item of the export has no price.
    Figures {
        dataset: "data_quality",
        columns: "month, finding_code, severity_code, findings, records_with_finding, declaration_versions, finding_rate",
        of: "finding_code = 'value.zero'",
        rows: &["2025-12 value.zero warning 1 1 1 1.0"],
    },
    // Declarations, one of them again, twice enterprises, twice results, second results, events.
    Figures {
        dataset: "loads",
        columns: "coalesce(first_month, '-'), coalesce(last_month, '-'), declaration_versions, inspections, \
                  treatment_events, register_records, quarantined_records, quarantine_rate",
        of: "true",
        rows: &[
            "- - 0 0 0 0 1 1.0",
            "- - 0 0 0 2 0 0.0",
            "- - 0 0 0 4 0 0.0",
            "2025-11 2025-11 0 0 8 0 0 0.0",
            "2025-11 2025-11 0 4 0 0 0 0.0",
            "2025-11 2025-11 0 8 0 0 0 0.0",
            "2025-11 2025-11 0 8 0 0 0 0.0",
            "2025-11 2025-12 12 0 0 0 0 0.0",
        ],
    },
    Figures {
        dataset: "quarantined_records",
        columns: "finding_code, severity_code, quarantined_records, findings, first_line_number",
        of: "finding_code = 'record.known'",
        rows: &["record.known error 1 1 1"],
    },
    // 10 times 5 % of 1,000, 10 times 10, 7 times 220 for each of 10 hectolitres; 4,000 is a quarter of it.
    Figures {
        dataset: "declared_and_recovered",
        columns: "month, office_id, revenue_currency, enterprises, declarations, CAST(duty_amount AS DOUBLE), \
                  CAST(value_added_tax_amount AS DOUBLE), CAST(other_tax_amount AS DOUBLE), declarations_with_recovery, \
                  CAST(recovered_amount AS DOUBLE), recovery_rate",
        of: "true",
        rows: &["2025-11 20 EUR 3 10 500.0 100.0 15400.0 5 4000.0 0.25"],
    },
    // Six of seven inspected ones had a discrepancy; of A0 the second decision counts.
    Figures {
        dataset: "rule_effectiveness",
        columns: "month, rule_id, hit_declarations, selected_declarations, held_declarations, inspected_declarations, \
                  discrepancy_declarations, hit_rate, round(month_hit_rate, 4), round(lift, 4)",
        of: "true",
        rows: &["2025-11 heavy 3 3 1 3 3 1.0 0.8571 1.1667", "2025-11 origin 2 1 0 2 1 0.5 0.8571 0.5833"],
    },
    // A0, A3 and A5 by the model; A4 and A7 by nothing.
    Figures {
        dataset: "selection_components",
        columns: "month, office_id, component_code, declarations, candidates, selected_declarations, queued_declarations, \
                  suppressed_declarations, expected_candidates, round(mean_inclusion_probability, 4), \
                  round(mean_realised_probability, 4), inspected_declarations, discrepancy_declarations, round(hit_rate, 4)",
        of: "true",
        rows: &[
            "2025-11 20 floor 1 1 1 0 0 0.25 0.25 0.25 1 1 1.0",
            "2025-11 20 mandatory 1 1 1 0 0 1.0 1.0 1.0 1 1 1.0",
            "2025-11 20 model 3 3 3 0 0 1.75 0.5833 0.4167 3 2 0.6667",
            "2025-11 20 none 2 1 0 0 1 0.5 0.25 0.125 0 0 -",
            "2025-11 20 statutory 1 1 1 1 0 0.5 0.5 0.5 0 0 -",
        ],
    },
    // On the way 96 and 24 hours, unopened 12 and 24.
    Figures {
        dataset: "special_packaging",
        columns: "month, treatment_code, coalesce(nullif(treatment_reason, ''), '-'), declarations, sealed_declarations, \
                  arrived_declarations, late_declarations, opened_declarations, broken_declarations, \
                  released_declarations, median_transit_hours, median_opening_hours, inspected_declarations, \
                  discrepancy_declarations, hit_rate",
        of: "true",
        rows: &[
            "2025-11 destination - 2 2 2 1 2 1 1 60.0 18.0 2 1 0.5",
            "2025-11 port not-filed 1 0 0 0 0 0 0 - - 1 1 1.0",
        ],
    },
];

#[tokio::test]
async fn every_shipped_dataset_has_the_figures_that_were_worked_out_by_hand() {
    let place = small_country().await;
    let definitions = shipped().unwrap();
    let made = refresh(&place.home, &definitions, RefreshOptions::default(), &mut Quiet).await.unwrap();
    for one in &made {
        assert_eq!(one.outcome, Outcome::Published, "{one:?}");
    }
    let mut asked: Vec<&str> = FIGURES.iter().map(|figures| figures.dataset).collect();
    asked.sort_unstable();
    let mut names: Vec<&str> = definitions.iter().map(|definition| definition.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(asked, names);
    let mut wrong = Vec::new();
    for Figures { dataset, columns, of, rows } in FIGURES {
        let found = lines(&place, &format!("SELECT {columns} FROM {dataset} WHERE {of}")).await;
        if found != rows {
            wrong.push((dataset, found, rows));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Rows of an answer as texts, in their order; what is absent is `-`.
async fn lines(place: &Place, sql: &str) -> Vec<String> {
    let batches = query(&place.home, "test", sql).await.unwrap();
    let of_batch = |batch: &RecordBatch| -> Vec<String> {
        let texts = |column: &ArrayRef| cast(column, &DataType::Utf8).unwrap();
        let columns: Vec<ArrayRef> = batch.columns().iter().map(texts).collect();
        let value = |column: &ArrayRef, row: usize| {
            if column.is_null(row) { "-".to_owned() } else { column.as_string::<i32>().value(row).to_owned() }
        };
        let line = |row: usize| columns.iter().map(|column| value(column, row)).collect::<Vec<_>>().join(" ");
        (0..batch.num_rows()).map(line).collect()
    };
    let mut lines: Vec<String> = batches.iter().flat_map(of_batch).collect();
    lines.sort();
    lines
}
