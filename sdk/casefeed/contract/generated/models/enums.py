"""The symbols that fields may hold.

Made by casefeed.schema_tools.generate_models from schemas/avro; mend those and run it again.
"""

from enum import StrEnum


class AbsenceType(StrEnum):
    """How the absence came about. UNRECOGNIZED stands for a symbol of a later schema when an older reader meets
    it; it is never written.
    """

    LEFT_FACILITY = "LEFT_FACILITY"
    LEFT_DURING_OUTING = "LEFT_DURING_OUTING"
    NOT_RETURNED = "NOT_RETURNED"
    SUSPECTED_ABDUCTION = "SUSPECTED_ABDUCTION"
    UNRECOGNIZED = "UNRECOGNIZED"


class AddressChangeReason(StrEnum):
    """Why the address differs from the earlier one. UNRECOGNIZED stands for a symbol of a later schema when an
    older reader meets it; it is never written.
    """

    FAMILY_MOVED = "FAMILY_MOVED"
    CHILD_MOVED_ALONE = "CHILD_MOVED_ALONE"
    CORRECTION = "CORRECTION"
    OTHER = "OTHER"
    UNRECOGNIZED = "UNRECOGNIZED"


class AddressCheckMethod(StrEnum):
    """How the sender checked an address. UNRECOGNIZED stands for a symbol of a later schema when an older reader
    meets it; it is never written.
    """

    USPS_STYLE = "USPS_STYLE"
    MANUAL = "MANUAL"
    NONE = "NONE"
    UNRECOGNIZED = "UNRECOGNIZED"


class AddressQuality(StrEnum):
    """What the sender's own check said of an address. UNRECOGNIZED stands for a symbol of a later schema when an
    older reader meets it; it is never written.
    """

    DELIVERABLE = "DELIVERABLE"
    MISSING_UNIT = "MISSING_UNIT"
    UNDELIVERABLE = "UNDELIVERABLE"
    BLANK = "BLANK"
    AMBIGUOUS = "AMBIGUOUS"
    UNCHECKED = "UNCHECKED"
    UNRECOGNIZED = "UNRECOGNIZED"


class AddressReporter(StrEnum):
    """Who reported the address. UNRECOGNIZED stands for a symbol of a later schema when an older reader meets it;
    it is never written.
    """

    CHILD = "CHILD"
    SPONSOR = "SPONSOR"
    LEGAL_REP = "LEGAL_REP"
    PRS = "PRS"
    NCC = "NCC"
    COURT_EOIR33 = "COURT_EOIR33"
    ICE_VISIT = "ICE_VISIT"
    UNRECOGNIZED = "UNRECOGNIZED"


class Agency(StrEnum):
    """Who wrote the fact down. UNRECOGNIZED stands for a symbol of a later schema when an older reader meets it;
    it is never written.
    """

    ORR = "ORR"
    ICE_ERO = "ICE_ERO"
    ICE_OPLA = "ICE_OPLA"
    EOIR_ADAPTER = "EOIR_ADAPTER"
    UNRECOGNIZED = "UNRECOGNIZED"


class ApprehendingAgency(StrEnum):
    """Agency that apprehended or found the child. UNRECOGNIZED stands for a symbol of a later schema when an older
    reader meets it; it is never written.
    """

    CBP_USBP = "CBP_USBP"
    CBP_OFO = "CBP_OFO"
    ICE_ERO = "ICE_ERO"
    ICE_HSI = "ICE_HSI"
    OTHER = "OTHER"
    UNRECOGNIZED = "UNRECOGNIZED"


class BirthDateBasis(StrEnum):
    """What the date of birth rests on. UNRECOGNIZED stands for a symbol of a later schema when an older reader
    meets it; it is never written.
    """

    DOCUMENT = "DOCUMENT"
    SELF_REPORTED = "SELF_REPORTED"
    ESTIMATED = "ESTIMATED"
    UNRECOGNIZED = "UNRECOGNIZED"


class CalendarType(StrEnum):
    """Kind of hearing. UNRECOGNIZED stands for a symbol of a later schema when an older reader meets it; it is
    never written.
    """

    MASTER = "MASTER"
    INDIVIDUAL = "INDIVIDUAL"
    UNRECOGNIZED = "UNRECOGNIZED"


class ChildCondition(StrEnum):
    """Condition, in one word; detail stays with HHS. UNRECOGNIZED stands for a symbol of a later schema when an
    older reader meets it; it is never written.
    """

    SAFE = "SAFE"
    NEEDS_CARE = "NEEDS_CARE"
    UNKNOWN = "UNKNOWN"
    UNRECOGNIZED = "UNRECOGNIZED"


class CorrectionReason(StrEnum):
    """Why an event is corrected. UNRECOGNIZED stands for a symbol of a later schema when an older reader meets it;
    it is never written.
    """

    RECORDED_WRONGLY = "RECORDED_WRONGLY"
    DOCUMENT_WRONG = "DOCUMENT_WRONG"
    DETAIL_LEARNED = "DETAIL_LEARNED"
    UNRECOGNIZED = "UNRECOGNIZED"


class CourtOutcome(StrEnum):
    """What the court did. UNRECOGNIZED stands for a symbol of a later schema when an older reader meets it; it is
    never written.
    """

    ADJOURNED_CODE_10_NOTICE_ERROR = "ADJOURNED_CODE_10_NOTICE_ERROR"
    ADJOURNED_CODE_11 = "ADJOURNED_CODE_11"
    ADJOURNED_OTHER = "ADJOURNED_OTHER"
    ADMIN_CLOSED_FTA = "ADMIN_CLOSED_FTA"
    IN_ABSENTIA_ORDER = "IN_ABSENTIA_ORDER"
    TERMINATED = "TERMINATED"
    UNKNOWN = "UNKNOWN"
    UNRECOGNIZED = "UNRECOGNIZED"


class CurrentSetting(StrEnum):
    """Where the child is now. UNRECOGNIZED stands for a symbol of a later schema when an older reader meets it; it
    is never written.
    """

    ORR_CUSTODY = "ORR_CUSTODY"
    SPONSOR = "SPONSOR"
    OTHER_FAMILY = "OTHER_FAMILY"
    HOSPITAL = "HOSPITAL"
    STATE_CARE = "STATE_CARE"
    DHS = "DHS"
    DECEASED = "DECEASED"
    UNRECOGNIZED = "UNRECOGNIZED"


class DischargeType(StrEnum):
    """Kind of release, by the category of the sponsor. What is no release to a sponsor (foster care, turning 18,
    departure) is another fact and has no symbol here. UNRECOGNIZED stands for a symbol of a later schema when
    an older reader meets it; it is never written.
    """

    REUNIFIED_CAT1 = "REUNIFIED_CAT1"
    REUNIFIED_CAT2A = "REUNIFIED_CAT2A"
    REUNIFIED_CAT2B = "REUNIFIED_CAT2B"
    REUNIFIED_CAT3 = "REUNIFIED_CAT3"
    OTHER = "OTHER"
    UNRECOGNIZED = "UNRECOGNIZED"


class DischargedTo(StrEnum):
    """Where the child went at 18. UNRECOGNIZED stands for a symbol of a later schema when an older reader meets
    it; it is never written.
    """

    SPONSOR = "SPONSOR"
    LICENSED_PROGRAM = "LICENSED_PROGRAM"
    SUPPORT_ORG = "SUPPORT_ORG"
    ICE_CUSTODY = "ICE_CUSTODY"
    OTHER = "OTHER"
    UNRECOGNIZED = "UNRECOGNIZED"


class HearingMedium(StrEnum):
    """How the hearing is held. UNRECOGNIZED stands for a symbol of a later schema when an older reader meets it;
    it is never written.
    """

    IN_PERSON = "IN_PERSON"
    VIDEO = "VIDEO"
    TELEPHONE = "TELEPHONE"
    UNRECOGNIZED = "UNRECOGNIZED"


class IssuingAgency(StrEnum):
    """Agency that issued the notice. UNRECOGNIZED stands for a symbol of a later schema when an older reader meets
    it; it is never written.
    """

    CBP = "CBP"
    ICE = "ICE"
    USCIS = "USCIS"
    UNRECOGNIZED = "UNRECOGNIZED"


class JuvenileCode(StrEnum):
    """EOIR juvenile code. UNRECOGNIZED stands for a symbol of a later schema when an older reader meets it; it is
    never written.
    """

    UJ = "UJ"
    AJ = "AJ"
    J = "J"
    J1 = "J1"
    J2 = "J2"
    UNRECOGNIZED = "UNRECOGNIZED"


class LastSeenSetting(StrEnum):
    """Where the child was last seen (form A-9A). UNRECOGNIZED stands for a symbol of a later schema when an older
    reader meets it; it is never written.
    """

    CURRENT_CARE_PROVIDER = "CURRENT_CARE_PROVIDER"
    PREVIOUS_CARE_PROVIDER = "PREVIOUS_CARE_PROVIDER"
    GROUP_HOME = "GROUP_HOME"
    FOSTER_HOME = "FOSTER_HOME"
    COMMUNITY = "COMMUNITY"
    OUT_OF_NETWORK = "OUT_OF_NETWORK"
    UNRECOGNIZED = "UNRECOGNIZED"


class LearnedFrom(StrEnum):
    """How the absence was learned of. UNRECOGNIZED stands for a symbol of a later schema when an older reader
    meets it; it is never written.
    """

    WELL_BEING_CALL = "WELL_BEING_CALL"
    NOTIFICATION_OF_CONCERN = "NOTIFICATION_OF_CONCERN"
    SCHOOL = "SCHOOL"
    POLICE = "POLICE"
    CPS = "CPS"
    ICE_VISIT = "ICE_VISIT"
    UNRECOGNIZED = "UNRECOGNIZED"


class LocatedBy(StrEnum):
    """Who located the child. UNRECOGNIZED stands for a symbol of a later schema when an older reader meets it; it
    is never written.
    """

    POLICE = "POLICE"
    ORR = "ORR"
    ICE = "ICE"
    NCMEC = "NCMEC"
    FAMILY = "FAMILY"
    SELF = "SELF"
    UNRECOGNIZED = "UNRECOGNIZED"


class LocationVerified(StrEnum):
    """Whether the child's location was verified before an in-absentia order was sought (OIG-24-46). UNKNOWN where
    the teller does not know. UNRECOGNIZED stands for a symbol of a later schema when an older reader meets it;
    it is never written.
    """

    YES = "YES"
    NO = "NO"
    NOT_REQUESTED = "NOT_REQUESTED"
    UNKNOWN = "UNKNOWN"
    UNRECOGNIZED = "UNRECOGNIZED"


class MergeBasis(StrEnum):
    """By what two keys were found to stand for one child. UNRECOGNIZED stands for a symbol of a later schema when
    an older reader meets it; it is never written.
    """

    SAME_A_NUMBER = "SAME_A_NUMBER"
    SAME_PORTAL_ID = "SAME_PORTAL_ID"
    DOCUMENTS = "DOCUMENTS"
    PERSON_KNOWN = "PERSON_KNOWN"
    UNRECOGNIZED = "UNRECOGNIZED"


class NoticeMethod(StrEnum):
    """How the notice was given; NONE where there is no record. UNRECOGNIZED stands for a symbol of a later schema
    when an older reader meets it; it is never written.
    """

    MAIL = "MAIL"
    IN_PERSON = "IN_PERSON"
    NONE = "NONE"
    UNRECOGNIZED = "UNRECOGNIZED"


class NoticeQuality(StrEnum):
    """Quality of the hearing notice: a failure to appear may be caused by the government's own notice. UNKNOWN
    where the teller does not know it. UNRECOGNIZED stands for a symbol of a later schema when an older reader
    meets it; it is never written.
    """

    DELIVERED = "DELIVERED"
    ADDRESS_DEFECTIVE = "ADDRESS_DEFECTIVE"
    RETURNED_MAIL = "RETURNED_MAIL"
    STALE_ADDRESS = "STALE_ADDRESS"
    NO_NOTICE_RECORD = "NO_NOTICE_RECORD"
    UNKNOWN = "UNKNOWN"
    UNRECOGNIZED = "UNRECOGNIZED"


class NtaStatus(StrEnum):
    """How far the Notice to Appear had come. UNRECOGNIZED stands for a symbol of a later schema when an older
    reader meets it; it is never written.
    """

    NOT_ISSUED = "NOT_ISSUED"
    ISSUED = "ISSUED"
    SERVED = "SERVED"
    FILED = "FILED"
    UNKNOWN = "UNKNOWN"
    UNRECOGNIZED = "UNRECOGNIZED"


class RetractionReason(StrEnum):
    """Why an event is taken back. UNRECOGNIZED stands for a symbol of a later schema when an older reader meets
    it; it is never written.
    """

    NEVER_HAPPENED = "NEVER_HAPPENED"
    RECORDED_TWICE = "RECORDED_TWICE"
    OTHER_CHILD = "OTHER_CHILD"
    UNRECOGNIZED = "UNRECOGNIZED"


class ServedOn(StrEnum):
    """Who was served. UNRECOGNIZED stands for a symbol of a later schema when an older reader meets it; it is
    never written.
    """

    CHILD = "CHILD"
    SPONSOR_OR_ADULT_RESIDING = "SPONSOR_OR_ADULT_RESIDING"
    CARE_PROVIDER = "CARE_PROVIDER"
    ATTORNEY = "ATTORNEY"
    UNRECOGNIZED = "UNRECOGNIZED"


class ServiceMethod(StrEnum):
    """How the notice was served. UNRECOGNIZED stands for a symbol of a later schema when an older reader meets it;
    it is never written.
    """

    PERSONAL = "PERSONAL"
    REGULAR_MAIL = "REGULAR_MAIL"
    OTHER = "OTHER"
    UNRECOGNIZED = "UNRECOGNIZED"


class Sex(StrEnum):
    """Sex as on ORR's form; UNKNOWN for imports. UNRECOGNIZED stands for a symbol of a later schema when an older
    reader meets it; it is never written.
    """

    MALE = "MALE"
    FEMALE = "FEMALE"
    UNKNOWN = "UNKNOWN"
    UNRECOGNIZED = "UNRECOGNIZED"


class SponsorRelationship(StrEnum):
    """Relationship of the sponsor to the child. UNRECOGNIZED stands for a symbol of a later schema when an older
    reader meets it; it is never written.
    """

    MOTHER = "MOTHER"
    FATHER = "FATHER"
    LEGAL_GUARDIAN = "LEGAL_GUARDIAN"
    SIBLING = "SIBLING"
    GRANDPARENT = "GRANDPARENT"
    AUNT_UNCLE = "AUNT_UNCLE"
    COUSIN = "COUSIN"
    OTHER_RELATIVE = "OTHER_RELATIVE"
    UNRELATED = "UNRELATED"
    UNRECOGNIZED = "UNRECOGNIZED"


class UnmergeReason(StrEnum):
    """Why a merge is undone. UNRECOGNIZED stands for a symbol of a later schema when an older reader meets it; it
    is never written.
    """

    TWO_CHILDREN = "TWO_CHILDREN"
    WRONG_KEY = "WRONG_KEY"
    UNRECOGNIZED = "UNRECOGNIZED"


class YesNoUnknown(StrEnum):
    """An answer that may not be known. UNRECOGNIZED stands for a symbol of a later schema when an older reader
    meets it; it is never written.
    """

    YES = "YES"
    NO = "NO"
    UNKNOWN = "UNKNOWN"
    UNRECOGNIZED = "UNRECOGNIZED"
