//! Transport: consignments, means, equipment, places.

use super::party::{Address, Carrier, Consignor};
use crate::class::class;

class! {
    /// How the goods travel: carrier, containers, places.
    pub struct Consignment = "Consignment" "28A" {
        /// Container transport code.
        leaf container_code: Text = "ContainerCode" "096" "an..3",
        /// Means of transport on arrival.
        one arrival_transport_means: ArrivalTransportMeans = "ArrivalTransportMeans",
        /// Means of transport on departure.
        one departure_transport_means: DepartureTransportMeans = "DepartureTransportMeans",
        /// Where the goods may be examined.
        one goods_location: GoodsLocation = "GoodsLocation",
        /// Where the goods are loaded.
        one loading_location: LoadingLocation = "LoadingLocation",
        /// Container or other equipment.
        many transport_equipment: TransportEquipment = "TransportEquipment",
        /// Party that carries the goods.
        one carrier: Carrier = "Carrier",
        /// Line of the transport contract.
        many consignment_item: ConsignmentItem = "ConsignmentItem",
        /// Party that consigns the goods.
        one consignor: Consignor = "Consignor",
        /// How freight charges are paid.
        one freight: Freight = "Freight",
        /// Country the consignment passes through.
        many itinerary: Itinerary = "Itinerary",
        /// Contract under which the goods are carried.
        many transport_contract_document: TransportContractDocument = "TransportContractDocument",
    }
}

class! {
    /// Contract under which the goods are carried, such as a house bill of lading.
    pub struct TransportContractDocument = "TransportContractDocument" "30B" {
        /// Transport document number.
        leaf id: Text = "ID" "D023" "an..70",
        /// Transport document type, coded.
        leaf type_code: Text = "TypeCode" "D024" "an..3",
    }
}

class! {
    /// Line of the transport contract.
    pub struct ConsignmentItem = "ConsignmentItem" "29A" {
        /// Sequence number.
        leaf sequence_numeric: Count = "SequenceNumeric" "006" "n..5",
        /// Party that consigns the goods.
        one consignor: Consignor = "Consignor",
        /// How freight charges are paid.
        one freight: Freight = "Freight",
    }
}

class! {
    /// How freight charges are paid.
    pub struct Freight = "Freight" "62A" {
        /// Transport charges method of payment, coded.
        leaf payment_method_code: Text = "PaymentMethodCode" "098" "an..3",
    }
}

class! {
    /// Country the consignment passes through.
    pub struct Itinerary = "Itinerary" "81A" {
        /// Sequence number.
        leaf sequence_numeric: Count = "SequenceNumeric" "006" "n..5",
        /// Countries of routing, coded.
        leaf routing_country_code: Text = "RoutingCountryCode" "064" "a2",
    }
}

class! {
    /// Active means of transport crossing the border.
    pub struct BorderTransportMeans = "BorderTransportMeans" "15A" {
        /// Identification of means of transport crossing the border.
        leaf name: Text = "Name" "T005" "an..35",
        /// Identification of means of transport crossing the border, coded.
        leaf id: Text = "ID" "T006" "an..35",
        /// Type of identification of means of transport crossing the border, coded.
        leaf identification_type_code: Text = "IdentificationTypeCode" "T018" "an..17",
        /// Type of means of transport crossing the border, coded.
        leaf type_code: Text = "TypeCode" "T010" "an..4",
        /// Nationality of means of transport crossing the border, coded.
        leaf registration_nationality_code: Text = "RegistrationNationalityCode" "T014" "a2",
        /// Mode of transport crossing the border, coded.
        leaf mode_code: Text = "ModeCode" "T022" "n1",
    }
}

class! {
    /// Means of transport on arrival.
    pub struct ArrivalTransportMeans = "ArrivalTransportMeans" "10A" {
        /// Identification of means of transport at arrival.
        leaf name: Text = "Name" "T001" "an..35",
        /// Identification of means of transport at arrival, coded.
        leaf id: Text = "ID" "T002" "an..35",
        /// Type of identification of means of transport at arrival, coded.
        leaf identification_type_code: Text = "IdentificationTypeCode" "T034" "an..17",
        /// Type of means of transport at arrival, coded.
        leaf type_code: Text = "TypeCode" "T008" "an..4",
        /// Mode of transport at arrival, coded.
        leaf mode_code: Text = "ModeCode" "T020" "n1",
    }
}

class! {
    /// Means of transport on departure.
    pub struct DepartureTransportMeans = "DepartureTransportMeans" "46A" {
        /// Identification of means of transport at departure.
        leaf name: Text = "Name" "T003" "an..35",
        /// Identification of means of transport at departure, coded.
        leaf id: Text = "ID" "T004" "an..35",
        /// Type of identification of means of transport at departure, coded.
        leaf identification_type_code: Text = "IdentificationTypeCode" "T029" "an..17",
        /// Type of means of transport at departure, coded.
        leaf type_code: Text = "TypeCode" "T009" "an..4",
        /// Mode of transport at departure, coded.
        leaf mode_code: Text = "ModeCode" "T021" "n1",
    }
}

class! {
    /// Where the goods may be examined.
    pub struct GoodsLocation = "GoodsLocation" "64A" {
        /// Location of goods.
        leaf name: Text = "Name" "L016" "an..256",
        /// Location of goods, coded.
        leaf id: Text = "ID" "L017" "an..17",
        /// Location of goods type, coded.
        leaf type_code: Text = "TypeCode" "L110" "an..3",
        /// Postal address of a party or a place.
        one address: Address = "Address",
    }
}

class! {
    /// Where the goods are loaded.
    pub struct LoadingLocation = "LoadingLocation" "83A" {
        /// Place of loading.
        leaf name: Text = "Name" "L009" "an..256",
        /// Place of loading, coded.
        leaf id: Text = "ID" "L010" "an..17",
    }
}

class! {
    /// Container or other equipment.
    pub struct TransportEquipment = "TransportEquipment" "31B" {
        /// Sequence number.
        leaf sequence_numeric: Count = "SequenceNumeric" "006" "n..5",
        /// Equipment identification number.
        leaf id: Text = "ID" "159" "an..17",
        /// Seal on a piece of equipment.
        many seal: Seal = "Seal",
    }
}

class! {
    /// Seal on a piece of equipment.
    pub struct Seal = "Seal" "44B" {
        /// Sequence number.
        leaf sequence_numeric: Count = "SequenceNumeric" "006" "n..5",
        /// Seal number.
        leaf id: Text = "ID" "165" "an..35",
    }
}

class! {
    /// Customs warehouse.
    pub struct Warehouse = "Warehouse" "43B" {
        /// Warehouse, coded.
        leaf id: Text = "ID" "L019" "an..35",
        /// Warehouse type, coded.
        leaf type_code: Text = "TypeCode" "L112" "an..3",
    }
}
