"""How this face answers refusals. Slugs are public: described in docs/problems.md, never renamed.

404 is unknown, or another venue's; 409 a state in which it cannot be done; 410 only what nobody fetched in time.
"""

from __future__ import annotations

from bookings import errors, token_errors, webhook_errors
from catalogue import refusals
from edge.problems import Problem, ProblemTable
from partner_api.errors import TooManyItems
from schemas.ids import UnknownId
from sync.pushing import JobUnknown, PushKeyReused, VenueUnknown
from sync.releases import RunNotWaiting
from sync.venue_reports import RunUnknown, SourceUnknown

PROBLEMS: ProblemTable = {
    UnknownId: Problem("unknown-id", 404, "Identifiant inconnu"),
    RunUnknown: Problem("run-unknown", 404, "Exécution inconnue"),
    SourceUnknown: Problem("source-unknown", 404, "Source inconnue"),
    VenueUnknown: Problem("venue-unknown", 404, "Lieu inconnu"),
    JobUnknown: Problem("job-unknown", 404, "Envoi inconnu"),
    PushKeyReused: Problem("idempotency-mismatch", 422, "Clé d'idempotence déjà utilisée"),
    TooManyItems: Problem("too-many-items", 413, "Envoi trop grand", members=("max_items",)),
    webhook_errors.WebhookUnknown: Problem("webhook-unknown", 404, "Adresse de notification inconnue"),
    webhook_errors.DeliveryUnknown: Problem("delivery-unknown", 404, "Envoi inconnu"),
    webhook_errors.StillWaiting: Problem("delivery-waiting", 409, "Envoi encore en attente"),
    webhook_errors.TooManyWebhooks: Problem("too-many-webhooks", 409, "Trop d'adresses", members=("most",)),
    webhook_errors.WebhookUrlRefused: Problem("webhook-url-refused", 422, "Adresse refusée"),
    RunNotWaiting: Problem("run-not-waiting", 409, "Exécution que rien ne retient"),
    errors.CountermarkUnknown: Problem("countermark-unknown", 404, "Contremarque inconnue"),
    errors.AlreadyUsed: Problem(
        "countermark-already-used", 409, "Contremarque déjà validée", members=("used_at", "used_where")
    ),
    errors.Cancelled: Problem("countermark-cancelled", 409, "Réservation annulée", members=("cancelled_at",)),
    errors.AlreadyReimbursed: Problem("countermark-reimbursed", 409, "Réservation déjà remboursée"),
    errors.NotYet: Problem(
        "countermark-not-yet-valid", 409, "Contremarque pas encore valable", members=("valid_from",)
    ),
    errors.NotUsed: Problem("countermark-not-used", 409, "Contremarque non validée"),
    errors.UseTakenBack: Problem("use-taken-back", 409, "Validation annulée depuis"),
    errors.Expired: Problem("countermark-expired", 410, "Réservation expirée", members=("expired_at",)),
    errors.BookingPending: Problem("booking-pending", 409, "Réservation non confirmée"),
    errors.TooLateToCancel: Problem("too-late-to-cancel", 409, "Annulation trop tardive", members=("limit",)),
    token_errors.WrongVenue: Problem(
        "countermark-wrong-venue", 409, "Contremarque d'un autre lieu", members=("venue",)
    ),
    token_errors.WrongQuantity: Problem(
        "countermark-wrong-quantity", 409, "Contremarque d'une autre quantité", members=("quantity",)
    ),
    token_errors.TicketMalformed: Problem("ticket-malformed", 422, "Billet signé mal formé"),
    token_errors.TicketForged: Problem("ticket-forged", 422, "Billet signé contrefait"),
    token_errors.TicketKeyUnknown: Problem("ticket-key-unknown", 422, "Clé de signature inconnue"),
    token_errors.TicketKeyRetired: Problem(
        "ticket-key-retired", 409, "Clé de signature retirée", members=("retired_at",)
    ),
    token_errors.TicketExpired: Problem("ticket-expired", 410, "Billet signé expiré", members=("valid_until",)),
    token_errors.TicketUnsigned: Problem("ticket-unsigned", 409, "Billet non signé"),
    token_errors.SequenceReused: Problem("sequence-reused", 409, "Numéro de journal déjà utilisé"),
    refusals.QuestionUnknown: Problem("question-unknown", 404, "Question inconnue"),
    refusals.QuestionAnswered: Problem("question-answered", 409, "Question déjà répondue", members=("verdict",)),
    refusals.QuestionClosed: Problem("question-closed", 409, "Question qui ne se pose plus"),
    refusals.NotAnswered: Problem("question-not-answered", 409, "Question sans réponse"),
    refusals.MergeRefused: Problem("merge-refused", 409, "Rapprochement refusé"),
    errors.Busy: Problem("busy", 503, "Trop de demandes en même temps"),
}
