"""How this face answers refusals. Slugs are public: described in docs/problems.md, never renamed."""

from __future__ import annotations

from app_api.errors import OfferUnknown
from bookings import errors
from edge.problems import Problem, ProblemTable
from schemas.ids import UnknownId

PROBLEMS: ProblemTable = {
    UnknownId: Problem("unknown-id", 404, "Identifiant inconnu"),
    OfferUnknown: Problem("offer-unknown", 404, "Offre inconnue"),
    errors.StockUnknown: Problem("stock-unknown", 404, "Stock inconnu"),
    errors.StockNotBookable: Problem("stock-not-bookable", 409, "Stock non réservable", members=("why",)),
    errors.AlreadyBooked: Problem("already-booked", 409, "Offre déjà réservée"),
    errors.QuantityRefused: Problem("quantity-refused", 409, "Quantité refusée", members=("allowed",)),
    errors.SoldOut: Problem("sold-out", 409, "Offre épuisée", members=("remaining",)),
    errors.PriceChanged: Problem("price-changed", 409, "Prix modifié", members=("price_cents",)),
    errors.AgeRefused: Problem("age-refused", 409, "Âge insuffisant", members=("from_age",)),
    errors.WalletUnknown: Problem("wallet-unknown", 404, "Aucun crédit"),
    errors.CreditExpired: Problem("credit-expired", 409, "Crédit expiré", members=("expired_at",)),
    errors.InsufficientCredit: Problem(
        "insufficient-credit", 409, "Crédit insuffisant", members=("balance_cents", "amount_cents")
    ),
    errors.CapReached: Problem("cap-reached", 409, "Plafond atteint", members=("cap", "left_cents")),
    errors.ProviderRefused: Problem(
        "provider-refused", 409, "Vente refusée par la billetterie", members=("reason", "remaining")
    ),
    errors.ProviderDown: Problem("provider-down", 503, "Billetterie injoignable"),
    errors.IdempotencyMismatch: Problem("idempotency-mismatch", 422, "Clé d'idempotence déjà utilisée"),
    errors.StillRunning: Problem("still-running", 409, "Première demande encore en cours"),
    errors.Busy: Problem("busy", 503, "Trop de demandes en même temps"),
    errors.BookingUnknown: Problem("booking-unknown", 404, "Réservation inconnue"),
    errors.BookingPending: Problem("booking-pending", 409, "Réservation non confirmée"),
    errors.TooLateToCancel: Problem("too-late-to-cancel", 409, "Annulation trop tardive", members=("limit",)),
    errors.AlreadyUsed: Problem("already-used", 409, "Réservation déjà utilisée", members=("used_at",)),
    errors.AlreadyReimbursed: Problem("already-reimbursed", 409, "Réservation déjà remboursée au lieu"),
    errors.Cancelled: Problem("cancelled", 409, "Réservation annulée", members=("cancelled_at",)),
    errors.Expired: Problem("expired", 410, "Réservation expirée", members=("expired_at",)),
}
