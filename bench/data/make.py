"""Makes the .npy files beside it from scikit-learn's handwritten digits.

    python3 -m venv venv && venv/bin/pip install scikit-learn && venv/bin/python bench/data/make.py

The logits are out of fold: every row was scored by a classifier that had not seen it. Fixed seeds; other versions of
scikit-learn may train slightly different weights, which changes the logits but not what the benchmark does with them.
"""

import pathlib
import platform

import numpy
import sklearn
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

SEED = 20240607
FOLDS = 5
# What the weak classifier sees: one row of pixels through the middle of the image.
MIDDLE_ROW = slice(4 * 8, 5 * 8)


def mlp_logits(model, x):
    """Scores before the softmax, from the trained weights: MLPClassifier itself only gives probabilities."""
    scaler, mlp = model[0], model[1]
    h = scaler.transform(x)
    for w, b in zip(mlp.coefs_[:-1], mlp.intercepts_[:-1]):
        h = numpy.maximum(h @ w + b, 0)
    return h @ mlp.coefs_[-1] + mlp.intercepts_[-1]


def strong(x_train, y_train, x_test):
    mlp = MLPClassifier((128,), alpha=1e-2, max_iter=300, random_state=SEED)
    model = make_pipeline(StandardScaler(), mlp).fit(x_train, y_train)
    logits = mlp_logits(model, x_test)
    assert (logits.argmax(axis=1) == model.predict(x_test)).all()
    return logits


def weak(x_train, y_train, x_test):
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=1000))
    return model.fit(x_train[:, MIDDLE_ROW], y_train).decision_function(x_test[:, MIDDLE_ROW])


def out_of_fold(train_and_score, x, y):
    logits = numpy.empty((len(x), 10))
    for train, test in StratifiedKFold(FOLDS, shuffle=True, random_state=SEED).split(x, y):
        logits[test] = train_and_score(x[train], y[train], x[test])
    return logits.astype("<f4")


def mean_nll(logits, y):
    z = logits.astype("f8")
    z -= z.max(axis=1, keepdims=True)
    return float(numpy.mean(numpy.log(numpy.exp(z).sum(axis=1)) - z[numpy.arange(len(y)), y]))


def main():
    print(f"Python {platform.python_version()}, NumPy {numpy.__version__}, scikit-learn {sklearn.__version__}")
    here = pathlib.Path(__file__).parent
    pixels, labels = load_digits(return_X_y=True)
    for name, train_and_score in [("strong", strong), ("weak", weak)]:
        logits = out_of_fold(train_and_score, pixels, labels)
        numpy.save(here / f"digits_{name}_logits.npy", logits)
        accuracy = (logits.argmax(axis=1) == labels).mean()
        print(f"{name}: accuracy {accuracy:.4f}, mean nll {mean_nll(logits, labels):.4f} nats")
    numpy.save(here / "digits_labels.npy", labels.astype("u1"))
    numpy.save(here / "digits_pixels.npy", pixels.astype("u1"))


if __name__ == "__main__":
    main()
