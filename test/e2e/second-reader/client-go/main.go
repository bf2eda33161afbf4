// Command client-go follows the image streams of a namespace with an informer of client-go and prints what its handlers are told, one
// JSON value a line. It ends with its standard input.
package main

import (
	"encoding/json"
	"io"
	"log"
	"os"
	"sync"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
)

type change struct {
	Type     string `json:"type"`
	Name     string `json:"name"`
	UID      string `json:"uid"`
	Revision string `json:"revision"`
}

func main() {
	config := &rest.Config{Host: os.Getenv("SERVER"), BearerToken: os.Getenv("TOKEN")}
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		log.Fatal(err)
	}
	streams := schema.GroupVersionResource{Group: "image.openshift.io", Version: "v1", Resource: "imagestreams"}
	factory := dynamicinformer.NewFilteredDynamicSharedInformerFactory(client, 0, os.Getenv("NAMESPACE"), nil)
	informer := factory.ForResource(streams).Informer()

	var mutex sync.Mutex
	output := json.NewEncoder(os.Stdout)
	tell := func(kind string, object any) {
		if gone, ok := object.(cache.DeletedFinalStateUnknown); ok {
			kind, object = "MISSED", gone.Obj
		}
		stream := object.(*unstructured.Unstructured)
		mutex.Lock()
		defer mutex.Unlock()
		if err := output.Encode(change{kind, stream.GetName(), string(stream.GetUID()), stream.GetResourceVersion()}); err != nil {
			log.Fatal(err)
		}
	}
	_, err = informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(object any) { tell("ADDED", object) },
		UpdateFunc: func(_, object any) { tell("MODIFIED", object) },
		DeleteFunc: func(object any) { tell("DELETED", object) },
	})
	if err != nil {
		log.Fatal(err)
	}

	stop := make(chan struct{})
	factory.Start(stop)
	factory.WaitForCacheSync(stop)
	tell("SYNCED", &unstructured.Unstructured{Object: map[string]any{}})
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		log.Fatal(err)
	}
	close(stop)
	factory.Shutdown()
}
