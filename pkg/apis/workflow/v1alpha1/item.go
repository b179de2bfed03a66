package v1alpha1

import (
	"encoding/json"
)

// ItemType is the kind of value that an Item holds.
type ItemType string

const (
	// ItemNumber is a number.
	ItemNumber ItemType = "Number"
	// ItemBool is a boolean.
	ItemBool ItemType = "Bool"
	// ItemString is a string, or null.
	ItemString ItemType = "String"
	// ItemList is a list.
	ItemList ItemType = "List"
	// ItemMap is an object.
	ItemMap ItemType = "Map"
)

// Item is one value of a loop: any JSON value.
type Item struct {
	// The value, normalised JSON.
	Value json.RawMessage `json:"-"`
}

// ParseItem makes an item of JSON text.
func ParseItem(text string) (Item, error) {
	var item Item
	err := json.Unmarshal([]byte(text), &item)
	return item, err
}

// UnmarshalJSON takes any JSON value.
func (i *Item) UnmarshalJSON(data []byte) error {
	value, err := normalizeJSON(data)
	if err != nil {
		return err
	}
	i.Value = value
	return nil
}

// MarshalJSON writes the value; that of an empty item is null.
func (i Item) MarshalJSON() ([]byte, error) {
	if len(i.Value) == 0 {
		return []byte("null"), nil
	}
	return i.Value, nil
}

// GetType tells what kind of value the item holds.
func (i *Item) GetType() ItemType {
	switch typeOfJSON(i.Value) {
	case jsonNumber:
		return ItemNumber
	case jsonBool:
		return ItemBool
	case jsonList:
		return ItemList
	case jsonObject:
		return ItemMap
	default:
		return ItemString
	}
}

// String returns the item as text: a string without its quotes, anything else as JSON.
func (i Item) String() string {
	if typeOfJSON(i.Value) == jsonString {
		var text string
		if err := json.Unmarshal(i.Value, &text); err == nil {
			return text
		}
	}
	if len(i.Value) == 0 {
		return "null"
	}
	return string(i.Value)
}

// GetMapVal returns the members of an object, nil for anything else.
func (i *Item) GetMapVal() map[string]Item {
	var members map[string]Item
	if i.GetType() != ItemMap || json.Unmarshal(i.Value, &members) != nil {
		return nil
	}
	return members
}

// GetListVal returns the elements of a list, nil for anything else.
func (i *Item) GetListVal() []Item {
	var elements []Item
	if i.GetType() != ItemList || json.Unmarshal(i.Value, &elements) != nil {
		return nil
	}
	return elements
}

// OpenAPISchemaType is empty: every type is allowed.
func (Item) OpenAPISchemaType() []string { return nil }

// OpenAPISchemaFormat is empty: a value of every type is allowed.
func (Item) OpenAPISchemaFormat() string { return "" }
