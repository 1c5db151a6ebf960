"""What a search found, or did not, in words."""

from __future__ import annotations

from seewhy.store import CounterfactualRecord

BLUR = "gaussian:"


def is_blur(mask: str) -> bool:
    """Whether a blurred image covers; its radius follows."""
    return mask.startswith(BLUR) and mask.removeprefix(BLUR).isdecimal()


def mask_in_words(mask: str) -> str:
    """Say what the network saw in place of what is covered."""
    if is_blur(mask):
        return f"the image itself, blurred by {mask.removeprefix(BLUR)} pixels"
    if mask == "image":
        return "another image, which the job does not keep"
    return f"one colour ({mask} in the units of the network's input)"


def drawn_in_words(mask: str) -> str:
    """Say how what is covered is drawn."""
    if is_blur(mask):
        return "drawn grey and darker, so that one can tell"
    return "drawn as plain grey" if mask != "image" else "drawn as hatched grey"


def reason_in_words(record: CounterfactualRecord) -> str:
    """Say why a label has no region."""
    keep = record.direction == "reveal"
    output, target = f"{record.output:.3f}", f"{record.target:.3f}"
    known = {
        "below threshold": (
            f"On the image itself the network gives this label {output}, which is not above the "
            f"target of {target}: there is no prediction to {'keep' if keep else 'break'}."
        ),
        "mask is enough": (
            f"With the whole image covered the network still gives this label {target} or more: "
            "what covers says enough, so no region is needed."
        ),
        "mask changes nothing": (
            "The image is equal to what covers it, so that covering changes nothing."
        ),
        "no region": (
            f"All boxes together do not bring the output {'up' if keep else 'down'} to the target "
            f"of {target}: no region decides this prediction alone."
        ),
        "not finite": "The network answered with NaN or infinity for an edited image.",
        "unfit image": (
            "The image cannot be searched: it is too small for the boxes, or has not three "
            "channels."
        ),
    }
    return known.get(record.reason or "", f"The search says: {record.reason}.")
