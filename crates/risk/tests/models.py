"""Trains models with XGBoost, LightGBM and CatBoost, and asks them for margins.

    models.py train FOLDER     writes NAME.model for each model and prints the names
    models.py predict FOLDER   reads NAME.rows (f32, row after row) and writes NAME.expected (f64): for each row the margin,
                               the probability, and 6 contributions, which are NaN from the 13th row on
"""

import pathlib
import sys

import catboost
import lightgbm
import numpy
import xgboost

FEATURES = 6
NAMES = [f"feature_{position}" for position in range(FEATURES)]
ROWS = 4_000
EXPLAINED = 12


def training_data():
    """Numbers of several shapes, values missing in two, zeros in one, categories in the last two."""
    random = numpy.random.default_rng(7)
    rows = random.standard_normal((ROWS, FEATURES)).astype(numpy.float32)
    rows[random.random(ROWS) < 0.2, 0] = numpy.nan
    rows[random.random(ROWS) < 0.3, 1] = 0
    rows[:, 2] = numpy.exp(3 * rows[:, 2])
    rows[random.random(ROWS) < 0.1, 3] = numpy.nan
    rows[:, 4] = random.integers(0, 40, ROWS)
    rows[:, 5] = random.integers(0, 7, ROWS)
    known = numpy.nan_to_num(rows, nan=-1.5)
    score = known[:, 0] + numpy.abs(known[:, 1]) - 0.3 * numpy.log(known[:, 2]) + (known[:, 1] == 0)
    score += (known[:, 4] % 3 == 0) - (known[:, 5] % 2) * known[:, 3]
    return rows, (score + random.standard_normal(ROWS) > 1.5).astype(numpy.float32)


def of_xgboost(rounds=40, categorical=False, **parameters):
    kinds = ["q"] * 4 + ["c", "c"] if categorical else None

    def train(path):
        rows, labels = training_data()
        matrix = xgboost.DMatrix(rows, labels, feature_names=NAMES, feature_types=kinds)
        wanted = {"objective": "binary:logistic", "max_depth": 5, "nthread": 1, **parameters}
        xgboost.train(wanted, matrix, rounds).save_model(path)

    def predict(path, rows):
        model = xgboost.Booster(model_file=path)
        # The library refuses infinite values.
        matrix = xgboost.DMatrix(rows, feature_names=NAMES, feature_types=kinds)
        explained = xgboost.DMatrix(rows[:EXPLAINED], feature_names=NAMES, feature_types=kinds)
        margins, probabilities = model.predict(matrix, output_margin=True), model.predict(matrix)
        if parameters.get("objective") == "binary:logitraw":
            # Its answer is the margin.
            probabilities = 1 / (1 + numpy.exp(-margins.astype("f8")))
        return margins, probabilities, model.predict(explained, pred_contribs=True)[:, :-1]

    return train, predict


def of_lightgbm(rounds=40, categorical=False, **parameters):
    def train(path):
        rows, labels = training_data()
        wanted = {"objective": "binary", "num_leaves": 25, "num_threads": 1, "verbose": -1, "seed": 3, **parameters}
        given = lightgbm.Dataset(
            rows, labels, feature_name=NAMES, categorical_feature=[4, 5] if categorical else [], params=wanted
        )
        lightgbm.train(wanted, given, rounds).save_model(path)

    def predict(path, rows):
        model = lightgbm.Booster(model_file=path)
        given = dict(num_threads=1)
        contributions = model.predict(rows[:EXPLAINED], pred_contrib=True, **given)[:, :-1]
        return model.predict(rows, raw_score=True, **given), model.predict(rows, **given), contributions

    return train, predict


def of_catboost(**parameters):
    def train(path):
        rows, labels = training_data()
        wanted = {"iterations": 40, "verbose": False, "thread_count": 1, "allow_writing_files": False, **parameters}
        model = catboost.CatBoostClassifier(**wanted)
        model.fit(catboost.Pool(rows, labels, feature_names=NAMES))
        model.save_model(path, format="json")
        # Its reader of JSON loses last bits that its writer of JSON keeps, so the model is asked from its other format.
        model.save_model(path + ".cbm")

    def predict(path, rows):
        model = catboost.CatBoostClassifier()
        model.load_model(path + ".cbm")
        pool = catboost.Pool(rows, feature_names=NAMES)
        margins = model.predict(pool, prediction_type="RawFormulaVal", thread_count=1)
        probabilities = model.predict_proba(pool, thread_count=1)[:, 1]
        # Its Shapley values weigh the sides of a split in another way.
        return margins, probabilities, numpy.empty((0, FEATURES))

    return train, predict


MODELS = {
    "xgboost": of_xgboost(),
    "xgboost-base-score": of_xgboost(base_score=0.2, scale_pos_weight=3.5),
    "xgboost-categories": of_xgboost(categorical=True, max_cat_to_onehot=3, tree_method="hist"),
    "xgboost-one-hot": of_xgboost(categorical=True, max_cat_to_onehot=100, tree_method="hist"),
    "xgboost-unbalanced": of_xgboost(
        max_depth=0, grow_policy="lossguide", max_leaves=120, min_child_weight=0, tree_method="hist"
    ),
    "xgboost-exact": of_xgboost(tree_method="exact", max_depth=9, min_child_weight=0, rounds=150),
    "xgboost-leaves": of_xgboost(gamma=1e6, rounds=5),
    "xgboost-random-forest": of_xgboost(
        rounds=1, num_parallel_tree=60, subsample=0.6, colsample_bynode=0.5, eta=1, max_depth=7
    ),
    "xgboost-logitraw": of_xgboost(objective="binary:logitraw"),
    "xgboost-logistic": of_xgboost(objective="reg:logistic", booster="gbtree"),
    "lightgbm": of_lightgbm(),
    "lightgbm-zeros-missing": of_lightgbm(zero_as_missing=True),
    "lightgbm-none-missing": of_lightgbm(use_missing=False),
    "lightgbm-categories": of_lightgbm(categorical=True, min_data_per_group=5, cat_smooth=1),
    "lightgbm-one-hot": of_lightgbm(categorical=True, max_cat_to_onehot=100),
    "lightgbm-many": of_lightgbm(max_bin=3_000, num_leaves=200, min_data_in_leaf=2, min_data_in_bin=1, rounds=120),
    "lightgbm-random-forest": of_lightgbm(boosting="rf", bagging_freq=1, bagging_fraction=0.6, rounds=37),
    "lightgbm-dart": of_lightgbm(boosting="dart"),
    "lightgbm-sigmoid": of_lightgbm(sigmoid=2.0, scale_pos_weight=2.5),
    "lightgbm-leaves": of_lightgbm(min_data_in_leaf=3_000, rounds=3),
    "lightgbm-cross-entropy": of_lightgbm(objective="cross_entropy", extra_trees=True),
    "catboost": of_catboost(),
    "catboost-missing-high": of_catboost(nan_mode="Max", boost_from_average=True),
    "catboost-deep": of_catboost(depth=9),
    "catboost-too-deep-for-pieces": of_catboost(depth=12, iterations=5),
    "catboost-shallow": of_catboost(depth=1, border_count=1_000, loss_function="CrossEntropy"),
    "catboost-depthwise": of_catboost(grow_policy="Depthwise", depth=7),
    "catboost-lossguide": of_catboost(grow_policy="Lossguide", max_leaves=50, boost_from_average=True),
}


def path_of(folder, name):
    ending = {"xgboost-base-score": "ubj", "xgboost-categories": "ubj", "xgboost-exact": "ubj"}.get(name)
    kind = name.split("-")[0]
    return folder / f"{name}.{ending or {'xgboost': 'json', 'lightgbm': 'txt', 'catboost': 'json'}[kind]}"


def main():
    job, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    for name, (train, predict) in MODELS.items():
        path = path_of(folder, name)
        if job == "train":
            train(str(path))
            print(path.name)
            continue
        rows = numpy.fromfile(path.with_suffix(".rows"), dtype="<f4").reshape(-1, FEATURES)
        margins, probabilities, contributions = predict(str(path), rows)
        others = numpy.full((len(rows) - len(contributions), FEATURES), numpy.nan)
        columns = [margins.reshape(-1, 1), probabilities.reshape(-1, 1), numpy.vstack([contributions, others])]
        numpy.hstack([column.astype("<f8") for column in columns]).tofile(path.with_suffix(".expected"))


main()
