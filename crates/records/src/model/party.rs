//! Parties to a declaration and how to reach them.

use crate::class::class;

class! {
    /// Postal address of a party or a place.
    pub struct Address = "Address" "04A" {
        /// Type of address.
        leaf type_code: Text = "TypeCode" "410" "an..3",
        /// City name.
        leaf city_name: Text = "CityName" "241" "an..35",
        /// Country, coded.
        leaf country_code: Text = "CountryCode" "242" "a2",
        /// Country sub-entity identification.
        leaf country_sub_division_code: Text = "CountrySubDivisionCode" "244" "an..9",
        /// Country sub-entity name.
        leaf country_sub_division_name: Text = "CountrySubDivisionName" "243" "an..35",
        /// Street and number/P.O. Box.
        leaf line: Text = "Line" "239" "an..70",
        /// Postcode identification.
        leaf postcode_id: Text = "PostcodeID" "245" "an..9",
    }
}

class! {
    /// Department or person to contact.
    pub struct Contact = "Contact" "34A" {
        /// Department or employee - Contact name.
        leaf name: Text = "Name" "246" "an..70",
    }
}

class! {
    /// Telephone, e-mail or other means to reach a party.
    pub struct Communication = "Communication" "25A" {
        /// Communication number.
        leaf id: Text = "ID" "240" "an..50",
        /// Communication number type.
        leaf type_code: Text = "TypeCode" "253" "an..3",
    }
}

class! {
    /// Party that submits the message or a document.
    pub struct Submitter = "Submitter" "17B" {
        /// Submitter.
        leaf name: Text = "Name" "R058" "an..70",
        /// Role code.
        leaf role_code: Text = "RoleCode" "R005" "an..3",
        /// Submitter, coded.
        leaf id: Text = "ID" "R059" "an..17",
        /// Postal address of a party or a place.
        one address: Address = "Address",
    }
}

class! {
    /// Representative of the declarant and the capacity it acts in.
    pub struct Agent = "Agent" "05A" {
        /// Agent - name.
        leaf name: Text = "Name" "R003" "an..70",
        /// Agent, coded.
        leaf id: Text = "ID" "R004" "an..17",
        /// Agent status, coded.
        leaf function_code: Text = "FunctionCode" "102" "an..3",
        /// Postal address of a party or a place.
        one address: Address = "Address",
    }
}

class! {
    /// Party in whose name the declaration is made.
    pub struct Declarant = "Declarant" "57B" {
        /// Declarant name.
        leaf name: Text = "Name" "R124" "an..70",
        /// Declarant, coded.
        leaf id: Text = "ID" "R123" "an..17",
        /// Postal address of a party or a place.
        one address: Address = "Address",
        /// Department or person to contact.
        one contact: Contact = "Contact",
        /// Telephone, e-mail or other means to reach a party.
        one communication: Communication = "Communication",
    }
}

class! {
    /// Party that exports the goods.
    pub struct Exporter = "Exporter" "57A" {
        /// Exporter - name.
        leaf name: Text = "Name" "R031" "an..70",
        /// Exporter, coded.
        leaf id: Text = "ID" "R032" "an..17",
        /// Postal address of a party or a place.
        one address: Address = "Address",
        /// Department or person to contact.
        one contact: Contact = "Contact",
        /// Telephone, e-mail or other means to reach a party.
        one communication: Communication = "Communication",
    }
}

class! {
    /// Party that imports the goods.
    pub struct Importer = "Importer" "74A" {
        /// Importer - name.
        leaf name: Text = "Name" "R037" "an..70",
        /// Importer, coded.
        leaf id: Text = "ID" "R038" "an..17",
        /// Postal address of a party or a place.
        one address: Address = "Address",
        /// Department or person to contact.
        one contact: Contact = "Contact",
        /// Telephone, e-mail or other means to reach a party.
        one communication: Communication = "Communication",
    }
}

class! {
    /// Party the goods are consigned to.
    pub struct Consignee = "Consignee" "27A" {
        /// Consignee name.
        leaf name: Text = "Name" "R014" "an..70",
        /// Consignee, coded.
        leaf id: Text = "ID" "R015" "an..17",
        /// Postal address of a party or a place.
        one address: Address = "Address",
    }
}

class! {
    /// Party that consigns the goods.
    pub struct Consignor = "Consignor" "30A" {
        /// Consignor - name.
        leaf name: Text = "Name" "R020" "an..70",
        /// Consignor, coded.
        leaf id: Text = "ID" "R021" "an..17",
        /// Postal address of a party or a place.
        one address: Address = "Address",
    }
}

class! {
    /// Party the goods are sold to.
    pub struct Buyer = "Buyer" "16A" {
        /// Buyer - name.
        leaf name: Text = "Name" "R009" "an..70",
        /// Buyer, coded.
        leaf id: Text = "ID" "R010" "an..17",
        /// Postal address of a party or a place.
        one address: Address = "Address",
        /// Department or person to contact.
        one contact: Contact = "Contact",
        /// Telephone, e-mail or other means to reach a party.
        one communication: Communication = "Communication",
    }
}

class! {
    /// Party that sells the goods.
    pub struct Seller = "Seller" "09B" {
        /// Seller - name.
        leaf name: Text = "Name" "R050" "an..70",
        /// Seller, coded.
        leaf id: Text = "ID" "R051" "an..17",
        /// Postal address of a party or a place.
        one address: Address = "Address",
        /// Department or person to contact.
        one contact: Contact = "Contact",
        /// Telephone, e-mail or other means to reach a party.
        one communication: Communication = "Communication",
    }
}

class! {
    /// Party that pays the duties.
    pub struct Payer = "Payer" "56B" {
        /// Payer.
        leaf name: Text = "Name" "R120" "an..70",
        /// Payer, coded.
        leaf id: Text = "ID" "R121" "an..17",
        /// Postal address of a party or a place.
        one address: Address = "Address",
    }
}

class! {
    /// Party that stands surety.
    pub struct Surety = "Surety" "19B" {
        /// Surety Name and Address.
        leaf name: Text = "Name" "R054" "an..70",
        /// Surety, coded.
        leaf id: Text = "ID" "R055" "an..17",
        /// Postal address of a party or a place.
        one address: Address = "Address",
    }
}

class! {
    /// Party that carries the goods.
    pub struct Carrier = "Carrier" "18A" {
        /// Carrier - name.
        leaf name: Text = "Name" "R011" "an..70",
        /// Carrier identification.
        leaf id: Text = "ID" "R012" "an..17",
        /// Postal address of a party or a place.
        one address: Address = "Address",
        /// Telephone, e-mail or other means to reach a party.
        one communication: Communication = "Communication",
    }
}

class! {
    /// Partner-country AEO recognised under a mutual recognition arrangement.
    pub struct AeoMutualRecognitionParty = "AEOMutualRecognitionParty" "16C" {
        /// AEO mutual recognition party, coded.
        leaf id: Text = "ID" "R143" "an..17",
        /// Role code.
        leaf role_code: Text = "RoleCode" "R005" "an..3",
    }
}

class! {
    /// Party registered for domestic duties or taxes.
    pub struct DomesticDutyTaxParty = "DomesticDutyTaxParty" "55B" {
        /// Domestic duty or tax party, coded.
        leaf id: Text = "ID" "R119" "an..17",
        /// Role code.
        leaf role_code: Text = "RoleCode" "R005" "an..3",
    }
}
